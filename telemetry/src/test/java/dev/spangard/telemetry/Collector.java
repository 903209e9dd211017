// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;

/** Telemetry whose spans and measurements stay in memory. */
final class Collector {
    final InMemorySpanExporter spans = InMemorySpanExporter.create();
    final Telemetry telemetry;
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();

    Collector() {
        this(TelemetryOptions.DEFAULTS);
    }

    Collector(TelemetryOptions options) {
        telemetry = Telemetry.create(
                OpenTelemetrySdk.builder()
                        .setTracerProvider(SdkTracerProvider.builder()
                                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                .build())
                        .setMeterProvider(SdkMeterProvider.builder()
                                .registerMetricReader(metrics)
                                .build())
                        .build(),
                options);
    }

    /** The only span there is. */
    SpanData span() {
        List<SpanData> finished = spans.getFinishedSpanItems();
        if (finished.size() != 1) {
            throw new AssertionError(finished.size() + " spans: " + finished);
        }
        return finished.getFirst();
    }

    List<HistogramPointData> histogram(String name) {
        return List.copyOf(metric(name).getHistogramData().getPoints());
    }

    /** The only point of the duration histogram. */
    HistogramPointData duration() {
        List<HistogramPointData> points = histogram("http.server.request.duration");
        if (points.size() != 1) {
            throw new AssertionError(points.size() + " series: " + points);
        }
        return points.getFirst();
    }

    long active(Attributes series) {
        return metric("http.server.active_requests").getLongSumData().getPoints().stream()
                .filter(point -> point.getAttributes().equals(series))
                .mapToLong(LongPointData::getValue)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no series " + series));
    }

    private MetricData metric(String name) {
        return metrics.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no metric " + name));
    }
}
