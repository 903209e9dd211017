// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;

import dev.spangard.telemetry.UpstreamRequest.Endpoint;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A request as the {@code upstream} profile records it, and an SDK whose spans and measurements stay in memory: for the tests
 * that extend this. What they expect is what version 0.66b2 of the Python package exports for the same scope and messages.
 */
abstract class UpstreamCollector {
    static final long MS = 1_000_000;
    static final SpanIds NO_IDS = (high, low, span) -> {};
    static final Endpoint SERVER = new Endpoint("127.0.0.1", "8000");
    static final Endpoint CLIENT = new Endpoint("192.0.2.7", "50123");
    static final UpstreamRequest PLAIN = get("/items/5", "q=1", SERVER, "shop.example");
    final InMemorySpanExporter spans = InMemorySpanExporter.create();
    final InMemoryMetricReader metrics = InMemoryMetricReader.create();

    final OpenTelemetrySdk otel = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                    .build())
            .setMeterProvider(
                    SdkMeterProvider.builder().registerMetricReader(metrics).build())
            .build();

    UpstreamTelemetry telemetry(SemconvMode mode) {
        return UpstreamTelemetry.create(
                otel, otel.getTracerProvider(), mode, false, TelemetryOptions.DEFAULTS, SeriesLimit.NONE);
    }

    static UpstreamRequest get(String path, String query, Endpoint server, String host) {
        return request("GET", path, query, server, host, Attributes.empty());
    }

    static UpstreamRequest request(
            @Nullable String method, String path, String query, Endpoint server, String host, Attributes details) {
        return new UpstreamRequest(
                Request.Kind.HTTP,
                false,
                null,
                details,
                method,
                "http",
                "1.1",
                path,
                query,
                server,
                CLIENT,
                host,
                host,
                "curl/8.5",
                List.of("X-Team", "a", "x_team", "b"),
                0);
    }

    static UpstreamResult result(
            @Nullable UpstreamStatus status, @Nullable Failure failure, @Nullable ApplicationSpan application) {
        long ended = failure == null ? START + 20 * MS : 0;
        return new UpstreamResult(
                ended, START + 120 * MS, null, status, 5, 11, List.of(), failure, false, false, null, application);
    }

    SpanData ended(SemconvMode mode, UpstreamRequest request, UpstreamResult result, ChildSpan... children) {
        telemetry(mode).exchange(request, START).end(Context.root(), result, List.of(children), NO_IDS);
        return spans.getFinishedSpanItems().stream()
                .filter(span -> !span.getParentSpanContext().isValid())
                .findFirst()
                .orElseThrow();
    }

    static Map<String, Object> map(Attributes attributes) {
        Map<String, Object> map = new TreeMap<>();
        attributes.forEach((key, value) -> map.put(key.getKey(), value));
        return map;
    }

    MetricData metric(String name) {
        return metrics.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no metric " + name));
    }
}
