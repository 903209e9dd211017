// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryLogRecordExporter;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Telemetry whose spans and measurements stay in memory. */
final class Collector {
    private static final List<String> DURATIONS =
            List.of("http.server.request.duration", "spangard.websocket.duration");

    final InMemorySpanExporter spans = InMemorySpanExporter.create();
    final InMemoryLogRecordExporter logs = InMemoryLogRecordExporter.create();
    final OpenTelemetrySdk openTelemetry;
    final Telemetry telemetry;
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();

    Collector() {
        this(TelemetryOptions.DEFAULTS);
    }

    Collector(TelemetryOptions options) {
        this(options, Sampler.parentBased(Sampler.alwaysOn()));
    }

    Collector(TelemetryOptions options, Sampler sampler) {
        openTelemetry = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .setSampler(sampler)
                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                        .build())
                .setMeterProvider(
                        SdkMeterProvider.builder().registerMetricReader(metrics).build())
                .setLoggerProvider(SdkLoggerProvider.builder()
                        .addLogRecordProcessor(SimpleLogRecordProcessor.create(logs))
                        .build())
                .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
                .build();
        telemetry = Telemetry.create(openTelemetry, options);
    }

    /** The only span there is. */
    SpanData span() {
        List<SpanData> finished = spans.getFinishedSpanItems();
        if (finished.size() != 1) {
            throw new AssertionError(finished.size() + " spans: " + finished);
        }
        return finished.getFirst();
    }

    /** Of the only span. */
    @Nullable
    Object attribute(String name) {
        return span().getAttributes().asMap().entrySet().stream()
                .filter(entry -> entry.getKey().getKey().equals(name))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    /** A request that was answered with this status. */
    Exchange plain(int status) {
        Exchange exchange = telemetry.exchange(Requests.get(), START);
        Requests.answer(exchange.conversation(), status);
        return exchange;
    }

    /** The only span, and its measurement, say this of an error; {@code status} 0 for none. */
    void assertError(String type, long status) {
        assertThat(span().getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(attribute("error.type")).isEqualTo(type);
        assertThat(attribute("http.response.status_code")).isEqualTo(status == 0 ? null : (Object) status);
        assertThat(duration().getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo(type);
    }

    List<HistogramPointData> histogram(String name) {
        return List.copyOf(metric(name).getHistogramData().getPoints());
    }

    /** The only point of the two duration histograms, of requests and of WebSockets. */
    HistogramPointData duration() {
        List<HistogramPointData> points = metrics.collectAllMetrics().stream()
                .filter(metric -> DURATIONS.contains(metric.getName()))
                .flatMap(metric -> metric.getHistogramData().getPoints().stream())
                .toList();
        if (points.size() != 1) {
            throw new AssertionError(points.size() + " series: " + points);
        }
        return points.getFirst();
    }

    long active(Attributes series) {
        return longPoints("http.server.active_requests").stream()
                .filter(point -> point.getAttributes().equals(series))
                .mapToLong(LongPointData::getValue)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no series " + series));
    }

    List<LongPointData> longPoints(String name) {
        return List.copyOf(metric(name).getLongSumData().getPoints());
    }

    List<MetricData> metrics() {
        return List.copyOf(metrics.collectAllMetrics());
    }

    /** Of the metrics that have a value. */
    List<String> names() {
        return metrics.collectAllMetrics().stream().map(MetricData::getName).toList();
    }

    private MetricData metric(String name) {
        return metrics.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no metric " + name));
    }
}
