// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.PointData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.Comparator;
import java.util.Locale;
import java.util.TreeMap;

/** Spans and measurements as text, a line for each fact, without what differs each time. */
final class ToldTelemetry {
    final RecordedIds ids = new RecordedIds();
    final OpenTelemetrySdk openTelemetry;

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
    private final long startNanos;

    /** Telemetry that tells times as milliseconds since this one. */
    ToldTelemetry(long startNanos, boolean sampled) {
        this.startNanos = startNanos;
        openTelemetry = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .setIdGenerator(ids)
                        .setSampler(sampled ? Sampler.alwaysOn() : Sampler.alwaysOff())
                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                        .build())
                .setMeterProvider(
                        SdkMeterProvider.builder().registerMetricReader(metrics).build())
                .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
                .build();
    }

    String text() {
        StringBuilder out = new StringBuilder();
        spans.getFinishedSpanItems().forEach(span -> span(out, span));
        metrics.collectAllMetrics().stream()
                .sorted(Comparator.comparing(MetricData::getName))
                .forEach(metric -> metric.getData().getPoints().stream()
                        .map(point -> point(metric.getName(), point))
                        .sorted()
                        .forEach(out::append));
        return out.toString();
    }

    private void span(StringBuilder out, SpanData span) {
        out.append("span ").append(span.getName()).append(", ").append(span.getKind());
        out.append(", ").append(span.getStatus().getStatusCode());
        out.append(", ").append(time(span.getStartEpochNanos()));
        out.append(" to ").append(time(span.getEndEpochNanos())).append('\n');
        if (!span.getParentSpanId().equals(SpanId.getInvalid())) {
            out.append("  parent ")
                    .append(span.getTraceId())
                    .append(' ')
                    .append(span.getParentSpanId())
                    .append('\n');
        }
        attributes(out, span.getAttributes());
        for (EventData event : span.getEvents()) {
            out.append("  event ")
                    .append(event.getName())
                    .append(", ")
                    .append(time(event.getEpochNanos()))
                    .append('\n');
            attributes(out, event.getAttributes());
        }
    }

    private String time(long epochNanos) {
        return String.format(Locale.ROOT, "%.6f ms", (epochNanos - startNanos) / 1e6);
    }

    private static String point(String metric, PointData point) {
        StringBuilder out = new StringBuilder(metric);
        switch (point) {
            case HistogramPointData histogram ->
                out.append(String.format(Locale.ROOT, " %d, sum %.9f", histogram.getCount(), histogram.getSum()));
            case LongPointData sum -> out.append(' ').append(sum.getValue());
            default -> throw new AssertionError(point);
        }
        out.append('\n');
        attributes(out, point.getAttributes());
        return out.toString();
    }

    private static void attributes(StringBuilder out, Attributes attributes) {
        TreeMap<String, Object> sorted = new TreeMap<>();
        attributes.forEach((key, value) -> sorted.put(key.getKey(), value));
        sorted.forEach((key, value) -> out.append("  ")
                .append(key)
                .append(" = ")
                .append(String.valueOf(value).strip())
                .append('\n'));
    }
}
