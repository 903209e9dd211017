// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.telemetry.SemconvMode;
import dev.spangard.telemetry.SeriesLimit;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.UpstreamTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One service for everybody; its telemetry stays in memory. */
final class FakeServiceProvider implements ServiceProvider {
    static final String KEY = "the service";
    static final Resource RESOURCE = Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), "shop"));

    final RecordedIds ids = new RecordedIds();
    final InMemorySpanExporter spans = InMemorySpanExporter.create();
    /** Spans that the application made itself. */
    final List<SpanData> apiSpans = new CopyOnWriteArrayList<>();

    final List<Hello> joined = new CopyOnWriteArrayList<>();
    /** One element for each recorder that left. */
    final LinkedBlockingQueue<Service> left = new LinkedBlockingQueue<>();

    final Telemetry telemetry;
    final UpstreamTelemetry upstream;
    final ServiceAccounts accounts;

    @Nullable
    String refuseWith;

    @Nullable
    Error failWith;

    /** Recorders join when it is open. */
    volatile CountDownLatch doors = new CountDownLatch(0);

    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();

    FakeServiceProvider(Ledger ledger) {
        this(ledger, TelemetryOptions.DEFAULTS);
    }

    FakeServiceProvider(Ledger ledger, TelemetryOptions options) {
        accounts = ledger.accounts(KEY);
        OpenTelemetrySdk otel = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .setIdGenerator(ids)
                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                        .build())
                .setMeterProvider(
                        SdkMeterProvider.builder().registerMetricReader(metrics).build())
                .build();
        telemetry = Telemetry.create(otel, options);
        upstream = UpstreamTelemetry.create(
                otel, otel.getTracerProvider(), SemconvMode.OLD, false, options, SeriesLimit.NONE);
    }

    @Override
    public Service join(Hello hello, Caller caller) throws Refusal {
        if (refuseWith != null) {
            throw new Refusal(refuseWith);
        }
        if (failWith != null) {
            throw failWith;
        }
        try {
            if (!doors.await(10, TimeUnit.SECONDS)) {
                throw new AssertionError("the doors stayed closed");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        joined.add(hello);
        return new Service(telemetry, upstream, accounts, RESOURCE, apiSpans::add);
    }

    @Override
    public void leave(Service service, Caller caller) {
        left.add(service);
    }

    SpanData span(String spanId) {
        return spans.getFinishedSpanItems().stream()
                .filter(span -> span.getSpanId().equals(spanId))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no span " + spanId));
    }

    /** Measurements in all series of a histogram. */
    long measured(String histogram) {
        return metric(histogram).getHistogramData().getPoints().stream()
                .mapToLong(point -> point.getCount())
                .sum();
    }

    /** The attributes of each series of a histogram. */
    List<Attributes> measuredWith(String histogram) {
        return metric(histogram).getHistogramData().getPoints().stream()
                .map(point -> point.getAttributes())
                .toList();
    }

    /** Active requests of all series. */
    long active() {
        return metric("http.server.active_requests").getLongSumData().getPoints().stream()
                .mapToLong(point -> point.getValue())
                .sum();
    }

    private MetricData metric(String name) {
        return metrics.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no metric " + name));
    }
}
