// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Accounts;
import dev.spangard.books.Balance;
import dev.spangard.books.ProcessOutput;
import dev.spangard.export.Console;
import dev.spangard.export.ExportBooks;
import dev.spangard.export.ExporterPipe;
import dev.spangard.export.LogExporters;
import dev.spangard.export.MetricReaders;
import dev.spangard.export.NoExporter;
import dev.spangard.export.OtlpOutlet;
import dev.spangard.export.PrintedOutlet;
import dev.spangard.export.Rollback;
import dev.spangard.export.ScrapedReader;
import dev.spangard.export.ServiceName;
import dev.spangard.export.ServiceSpool;
import dev.spangard.export.SpanMemory;
import dev.spangard.export.SpanQueue;
import dev.spangard.export.SpanQueueOptions;
import dev.spangard.export.SpoolFolder;
import dev.spangard.export.SpoolOutlet;
import dev.spangard.export.ThreadAgenda;
import dev.spangard.export.TraceExporters;
import dev.spangard.intake.Caller;
import dev.spangard.intake.RecordedIds;
import dev.spangard.intake.Service;
import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import dev.spangard.telemetry.ExceptionSignal;
import dev.spangard.telemetry.OptIn;
import dev.spangard.telemetry.SemconvMode;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.TrustedProxies;
import dev.spangard.telemetry.UpstreamTelemetry;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.CardinalityLimitSelector;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One service's OpenTelemetry SDK: its spans through a {@link SpanQueue} per exporter, its metrics pushed and scraped. */
final class ServiceSdk {
    /** The labels that keep the series of two services apart where all are scraped together. */
    private static final Set<String> SCRAPED_RESOURCE = Set.of("service.name", "service.instance.id");

    private static final long RELEASE_SECONDS = 2;
    /** Of {@link SpanQueueOptions#SHUTDOWN_TIMEOUT}, for spans that are still being exported. */
    private static final long METRICS_WAIT_SECONDS = 3;

    private final ServiceName name;
    private final Service service;
    private final List<ExporterPipe> pipes;
    private final SdkTracerProvider tracers;
    private final SdkMeterProvider meters;
    private final @Nullable SdkLoggerProvider loggers;
    private final ServiceSeries series;
    private final ScrapedReader scrape;
    private final @Nullable InetSocketAddress prometheus;
    private final @Nullable Console console;

    private ServiceSdk(
            ServiceName name,
            Service service,
            List<ExporterPipe> pipes,
            SdkTracerProvider tracers,
            SdkMeterProvider meters,
            @Nullable SdkLoggerProvider loggers,
            ServiceSeries series,
            ScrapedReader scrape,
            @Nullable InetSocketAddress prometheus,
            @Nullable Console console) {
        this.name = name;
        this.service = service;
        this.pipes = List.copyOf(pipes);
        this.tracers = tracers;
        this.meters = meters;
        this.loggers = loggers;
        this.series = series;
        this.scrape = scrape;
        this.prometheus = prometheus;
        this.console = console;
    }

    /**
     * Starts its exporters' threads. If that fails, none of them is left.
     *
     * @param caller its first recorder, which has not {@link #joined} by this
     * @param tty whether an output of its recorders is a terminal
     * @param spool null to keep nothing on disk
     */
    static ServiceSdk start(
            ServiceName name,
            Settings settings,
            Resource resource,
            Caller caller,
            boolean tty,
            RecordedIds ids,
            Shares shares,
            Accounts accounts,
            @Nullable ServiceSpool spool)
            throws ConfigurationException {
        try (var undo = new Rollback()) {
            ServiceSdk sdk = start(name, settings, resource, caller, tty, ids, shares, accounts, spool, undo);
            undo.keep();
            return sdk;
        }
    }

    private static ServiceSdk start(
            ServiceName name,
            Settings settings,
            Resource resource,
            Caller caller,
            boolean tty,
            RecordedIds ids,
            Shares shares,
            Accounts accounts,
            @Nullable ServiceSpool spool,
            Rollback undo)
            throws ConfigurationException {
        TelemetryOptions options = telemetryOptions(settings);
        Console console = caller.output() == null ? null : new Console(tty);
        List<TraceExporters.Output> outputs = TraceExporters.read(settings, console, undo);
        MetricReaders readers = MetricReaders.read(settings, console, caller.isGuest(), undo);
        List<LogRecordExporter> logExporters =
                options.exceptions().inLogs() ? LogExporters.read(settings, undo) : List.of();
        boolean prints =
                readers.prints() || outputs.stream().anyMatch(output -> output.outlet() instanceof PrintedOutlet);
        SpanLimits limits = limits(settings, options.attributeValueLengthLimit());

        var tracers = SdkTracerProvider.builder()
                .setResource(resource)
                .setIdGenerator(ids)
                // The recorder has decided; what arrives is to be kept.
                .setSampler(Sampler.alwaysOn())
                .setSpanLimits(limits);
        var children = SdkTracerProvider.builder()
                .setResource(resource)
                .setIdGenerator(ids)
                .setSampler(Sampler.alwaysOn())
                .setSpanLimits(limits);
        Balance booksAtStart = accounts.balance();
        List<ExporterPipe> pipes = new ArrayList<>();
        for (TraceExporters.Output output : outputs) {
            ExporterPipe pipe =
                    pipe(name, output, shares.spans(), new ExportBooks(pipes.isEmpty() ? accounts : null), spool);
            undo.add(pipe.queue()::shutdown);
            pipes.add(pipe);
            tracers.addSpanProcessor(pipe.queue());
            children.addSpanProcessor(pipe.queue().children());
        }
        if (pipes.isEmpty()) {
            tracers.addSpanProcessor(new NoExporter(accounts));
        }

        var scrape = new ScrapedReader(
                PrometheusMetricReader.builder()
                        .setAllowedResourceAttributesFilter(SCRAPED_RESOURCE::contains)
                        .setOtelScopeLabelsEnabled(false)
                        .build(),
                resource);
        CardinalityLimitSelector cardinality = MetricReaders.cardinality(settings);
        var series = new ServiceSeries(
                cardinality.getCardinalityLimit(InstrumentType.HISTOGRAM),
                1 + readers.readers().size(),
                shares.series());
        var meters = SdkMeterProvider.builder()
                .setResource(resource)
                .setExemplarFilter(MetricReaders.exemplars(settings))
                .registerMetricReader(scrape, cardinality);
        readers.readers().forEach(reader -> meters.registerMetricReader(reader, cardinality));

        var tracerProvider = tracers.build();
        var meterProvider = meters.build();
        undo.add(() -> detached(meterProvider::shutdown));
        ServiceMetrics.register(
                meterProvider.get(Accounts.INSTRUMENTATION_SCOPE), accounts, booksAtStart, List.copyOf(pipes));
        var loggers = logExporters.isEmpty()
                ? null
                : LogExporters.loggers(logExporters, settings, resource, meterProvider, shares.spans());
        var sdk = OpenTelemetrySdk.builder().setTracerProvider(tracerProvider).setMeterProvider(meterProvider);
        if (loggers != null) {
            sdk.setLoggerProvider(loggers);
        }
        var otel = sdk.build();
        var upstream = UpstreamTelemetry.create(
                otel,
                children.build(),
                SemconvMode.of(elements(settings, "OTEL_SEMCONV_STABILITY_OPT_IN")),
                settings.isTrue("OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS"),
                options,
                series);
        var service = new Service(Telemetry.create(otel, options, series), upstream, accounts);
        return new ServiceSdk(
                name,
                service,
                pipes,
                tracerProvider,
                meterProvider,
                loggers,
                series,
                scrape,
                readers.prometheus(),
                prints ? console : null);
    }

    private static ExporterPipe pipe(
            ServiceName name,
            TraceExporters.Output output,
            SpanMemory memory,
            ExportBooks books,
            @Nullable ServiceSpool spool) {
        String title = name + ", " + output.name();
        String thread = "spangard-" + output.name();
        OtlpSettings otlp = output.otlp();
        if (spool != null && otlp != null && output.outlet() instanceof OtlpOutlet target) {
            SpoolFolder folder = spool.folder(output.name(), otlp);
            SpoolOutlet outlet =
                    spool.outlet(title, new ThreadAgenda(thread + "-spool"), folder, target, output.queue(), books);
            SpanQueueOptions options = output.queue().trying(SpoolOutlet.FOR_ROOM);
            var queue = new SpanQueue<>(title, new ThreadAgenda(thread), outlet, options, memory, books);
            return new ExporterPipe(output.name(), queue, books, folder);
        }
        var queue = new SpanQueue<>(title, new ThreadAgenda(thread), output.outlet(), output.queue(), memory, books);
        return new ExporterPipe(output.name(), queue, books, null);
    }

    private static List<String> elements(Settings settings, String name) {
        List<String> elements = settings.list(name);
        return elements == null ? List.of() : elements;
    }

    private static TelemetryOptions telemetryOptions(Settings settings) throws ConfigurationException {
        List<String> methods = settings.list("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS");
        List<String> sensitive =
                settings.list("OTEL_INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS");
        int length = settings.whole(
                "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                settings.whole(
                        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT, 0),
                0);
        return new TelemetryOptions(
                methods == null ? TelemetryOptions.DEFAULT_KNOWN_METHODS : Set.copyOf(methods),
                sensitive == null ? TelemetryOptions.DEFAULT_SENSITIVE_QUERY_PARAMETERS : Set.copyOf(sensitive),
                length,
                settings.isTrue("SPANGARD_WORKER_PID"),
                read(settings, "SPANGARD_TRUSTED_PROXIES", TrustedProxies::of),
                read(settings, "SPANGARD_ATTRIBUTES", OptIn::of),
                exceptions(settings),
                settings.whole("SPANGARD_WEBSOCKET_EVENTS", 0, 0));
    }

    /** As what an exception is told. */
    static ExceptionSignal exceptions(Settings settings) {
        return ExceptionSignal.of(elements(settings, Settings.EXCEPTION_SIGNAL_OPT_IN));
    }

    /** A list that {@code from} understands, or says what it does not. */
    private static <T> T read(Settings settings, String name, Function<List<String>, T> from)
            throws ConfigurationException {
        try {
            return from.apply(elements(settings, name));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(name + ": " + e.getMessage());
        }
    }

    /** Reads what {@link #start} reads beside the exporters, for the warnings. */
    static void check(Settings settings) throws ConfigurationException {
        limits(settings, telemetryOptions(settings).attributeValueLengthLimit());
        SpanQueueOptions.read(settings);
        MetricReaders.exemplars(settings);
        MetricReaders.cardinality(settings);
        settings.millis("OTEL_METRIC_EXPORT_INTERVAL", Duration.ofMinutes(1));
    }

    private static SpanLimits limits(Settings settings, int valueLength) {
        int attributes = settings.whole("OTEL_ATTRIBUTE_COUNT_LIMIT", 128, 0);
        return SpanLimits.builder()
                .setMaxAttributeValueLength(valueLength)
                .setMaxNumberOfAttributes(settings.whole("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", attributes, 0))
                .setMaxNumberOfAttributesPerEvent(settings.whole("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", attributes, 0))
                .setMaxNumberOfAttributesPerLink(settings.whole("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", attributes, 0))
                .setMaxNumberOfEvents(settings.whole("OTEL_SPAN_EVENT_COUNT_LIMIT", 128, 0))
                .setMaxNumberOfLinks(settings.whole("OTEL_SPAN_LINK_COUNT_LIMIT", 128, 0))
                .build();
    }

    ServiceName name() {
        return name;
    }

    Service service() {
        return service;
    }

    List<ExporterPipe> pipes() {
        return pipes;
    }

    /** Collects when asked. */
    ScrapedReader scrape() {
        return scrape;
    }

    /** Where the application wants its metrics to be scraped; null if it does not say. */
    @Nullable
    InetSocketAddress prometheus() {
        return prometheus;
    }

    /** A recorder has come: what is printed may be printed where it prints. */
    void joined(Caller caller) {
        ProcessOutput output = caller.output();
        if (console != null && output != null) {
            console.joined(output);
        }
    }

    /** A recorder that {@link #joined} has gone. */
    void left(Caller caller) {
        ProcessOutput output = caller.output();
        if (console != null && output != null) {
            console.left(output);
        }
    }

    /**
     * Nobody uses the service at present. Writes what there is to the application's output and lets go of that, as
     * {@code app | tee} ends only when everybody has. Waits for the writers, bounded.
     */
    void release() {
        if (console != null) {
            CompletableResultCode.ofAll(List.of(tracers.forceFlush(), detached(meters::forceFlush)))
                    .join(RELEASE_SECONDS, TimeUnit.SECONDS);
            console.release();
        }
    }

    /** Flushes and closes; spans within the queues' shutdown timeout, metrics within their exporters'. Does not wait. */
    CompletableResultCode shutdown() {
        CompletableResultCode spans = tracers.shutdown();
        CompletableResultCode logs = loggers == null ? CompletableResultCode.ofSuccess() : detached(loggers::shutdown);
        // After the others, so that the last export of metrics counts what became of spans and logs; but not for ever.
        CompletableResultCode metrics = detached(() -> {
            CompletableResultCode.ofAll(List.of(spans, logs)).join(METRICS_WAIT_SECONDS, TimeUnit.SECONDS);
            return meters.shutdown();
        });
        return CompletableResultCode.ofAll(List.of(spans, logs, metrics)).whenComplete(() -> {
            series.close();
            if (console != null) {
                console.close();
            }
        });
    }

    /**
     * On a thread of its own: the SDK's periodic reader exports on the thread that asks and waits for what is under way, and
     * closing the JDK's HTTP client waits for an answer that a hung collector never gives.
     */
    private static CompletableResultCode detached(Supplier<CompletableResultCode> slow) {
        CompletableResultCode result = new CompletableResultCode();
        Thread.ofPlatform().daemon().name("spangard-last-metrics").start(() -> {
            try {
                CompletableResultCode done = slow.get();
                done.whenComplete(result::succeed);
            } catch (RuntimeException | Error e) {
                result.failExceptionally(e);
                throw e;
            }
        });
        return result;
    }
}
