// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.ApplicationOutput;
import dev.spangard.export.BatchQueueOptions;
import dev.spangard.export.ExporterAccounts;
import dev.spangard.export.ExporterPipe;
import dev.spangard.export.LogExporters;
import dev.spangard.export.MemoryLimit;
import dev.spangard.export.MetricReaders;
import dev.spangard.export.NoExporter;
import dev.spangard.export.OtlpOutlet;
import dev.spangard.export.PrintedOutlet;
import dev.spangard.export.Rollback;
import dev.spangard.export.ScrapedReader;
import dev.spangard.export.ServiceName;
import dev.spangard.export.ServiceSpool;
import dev.spangard.export.SpanQueue;
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
import dev.spangard.telemetry.Telemetry;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.UpstreamTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.CardinalityLimitSelector;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SdkTracerProviderBuilder;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Starts the SDK of one service: an exporter's pipe for each that its settings name, the providers, and what it measures of
 * itself. Used once, by one thread.
 *
 * @param application what its first recorder says
 * @param provided what the engine has for it
 */
record ServiceAssembly(Application application, Provided provided) {
    /** The labels that keep the series of two services apart where all are scraped together. */
    private static final Set<String> SCRAPED_RESOURCE = Set.of("service.name", "service.instance.id");

    /**
     * A service as its first recorder tells of it.
     *
     * @param caller that recorder, which has not {@link ServiceSdk#joined} by this
     * @param tty whether an output of its recorders is a terminal
     */
    record Application(ServiceName name, Settings settings, Resource resource, Caller caller, boolean tty) {}

    /**
     * What the engine has for a service.
     *
     * @param ids the generator that all tracers of the engine share
     * @param accounts where it is booked what becomes of its requests
     * @param spool null to keep nothing on disk
     */
    record Provided(
            RecordedIds ids,
            Shares shares,
            ServiceAccounts accounts,
            @Nullable ServiceSpool spool) {}

    /** Starts the service and its exporters' threads. If that fails, none of them is left. */
    ServiceSdk start() throws ConfigurationException {
        try (var undo = new Rollback()) {
            ServiceSdk sdk = start(undo);
            undo.keep();
            return sdk;
        }
    }

    private ServiceSdk start(Rollback undo) throws ConfigurationException {
        Settings settings = application.settings;
        TelemetryOptions options = SdkSettings.telemetry(settings);
        ApplicationOutput applicationOutput =
                application.caller.output() == null ? null : new ApplicationOutput(application.tty);
        List<TraceExporters.Output> outputs = TraceExporters.read(settings, applicationOutput, undo);
        String title = application.name.toString();
        MetricReaders readers =
                MetricReaders.read(title, settings, applicationOutput, application.caller.isGuest(), undo);
        List<LogRecordExporter> logExporters =
                options.exceptions().inLogs() ? LogExporters.read(title, settings, undo) : List.of();
        boolean prints =
                readers.prints() || outputs.stream().anyMatch(output -> output.outlet() instanceof PrintedOutlet);

        ServiceMetrics.Start start = ServiceMetrics.Start.of(provided.accounts);
        List<ExporterPipe> pipes = pipes(outputs, undo);
        SpanLimits limits = SdkSettings.limits(settings, options.attributeValueLengthLimit());
        SdkTracerProviderBuilder tracers = tracers(limits);
        SdkTracerProviderBuilder children = tracers(limits);
        for (ExporterPipe pipe : pipes) {
            tracers.addSpanProcessor(pipe.queue());
            children.addSpanProcessor(pipe.queue().children());
        }
        if (pipes.isEmpty()) {
            tracers.addSpanProcessor(new NoExporter(provided.accounts));
        }
        var scrape = new ScrapedReader(
                PrometheusMetricReader.builder()
                        .setAllowedResourceAttributesFilter(SCRAPED_RESOURCE::contains)
                        .setOtelScopeLabelsEnabled(false)
                        .build(),
                application.resource);
        CardinalityLimitSelector cardinality = MetricReaders.cardinality(settings);
        var series = new ServiceSeriesLimit(
                cardinality.getCardinalityLimit(InstrumentType.HISTOGRAM),
                1 + readers.readers().size(),
                provided.shares.series());
        SdkMeterProvider meters = meters(readers, scrape, cardinality);
        undo.add(() -> ServiceSdk.detached(meters::shutdown));
        ServiceMetrics.register(meters.get(ServiceAccounts.INSTRUMENTATION_SCOPE), provided.accounts, start, pipes);
        SdkLoggerProvider loggers = logExporters.isEmpty()
                ? null
                : LogExporters.loggers(logExporters, settings, application.resource, meters, provided.shares.spans());
        var providers = new ServiceSdk.Providers(tracers.build(), meters, loggers);
        return new ServiceSdk(
                application.name,
                service(providers, children.build(), options, series, apiSpans(pipes)),
                pipes,
                providers,
                new ServiceSdk.Scraping(series, scrape, readers.prometheus()),
                prints ? applicationOutput : null);
    }

    private List<ExporterPipe> pipes(List<TraceExporters.Output> outputs, Rollback undo) {
        List<ExporterPipe> pipes = new ArrayList<>();
        for (TraceExporters.Output output : outputs) {
            // A request's fate is what its first exporter makes of it.
            ExporterPipe pipe = pipe(output, new ExporterAccounts(pipes.isEmpty() ? provided.accounts : null));
            undo.add(pipe.queue()::shutdown);
            pipes.add(pipe);
        }
        return List.copyOf(pipes);
    }

    /** Where the spans go that the applications made themselves: to the same queues, past the SDK. */
    private Consumer<SpanData> apiSpans(List<ExporterPipe> pipes) {
        if (pipes.isEmpty()) {
            var none = new NoExporter(provided.accounts);
            return span -> none.onApiSpan();
        }
        return span -> pipes.forEach(pipe -> pipe.queue().addApiSpan(span));
    }

    private ExporterPipe pipe(TraceExporters.Output output, ExporterAccounts books) {
        String title = application.name + ", " + output.name();
        String thread = "spangard-" + output.name();
        MemoryLimit memory = provided.shares.spans();
        ServiceSpool spool = provided.spool;
        OtlpSettings otlp = output.otlp();
        if (spool != null && otlp != null && output.outlet() instanceof OtlpOutlet target) {
            SpoolFolder folder = spool.folder(output.name(), otlp);
            SpoolOutlet outlet =
                    spool.outlet(title, new ThreadAgenda(thread + "-spool"), folder, target, output.queue(), books);
            BatchQueueOptions options = output.queue().trying(SpoolOutlet.FOR_ROOM);
            var queue = new SpanQueue<>(title, new ThreadAgenda(thread), outlet, options, memory, books);
            return new ExporterPipe(output.name(), queue, books, folder);
        }
        var queue = new SpanQueue<>(title, new ThreadAgenda(thread), output.outlet(), output.queue(), memory, books);
        return new ExporterPipe(output.name(), queue, books, null);
    }

    private SdkTracerProviderBuilder tracers(SpanLimits limits) {
        return SdkTracerProvider.builder()
                .setResource(application.resource)
                .setIdGenerator(provided.ids)
                // The recorder has decided; what arrives is to be kept.
                .setSampler(Sampler.alwaysOn())
                .setSpanLimits(limits);
    }

    private SdkMeterProvider meters(MetricReaders readers, ScrapedReader scrape, CardinalityLimitSelector cardinality) {
        var meters = SdkMeterProvider.builder()
                .setResource(application.resource)
                .setExemplarFilter(MetricReaders.exemplars(application.settings))
                .registerMetricReader(scrape, cardinality);
        readers.readers().forEach(reader -> meters.registerMetricReader(reader, cardinality));
        return meters.build();
    }

    private Service service(
            ServiceSdk.Providers providers,
            SdkTracerProvider children,
            TelemetryOptions options,
            ServiceSeriesLimit series,
            Consumer<SpanData> apiSpans) {
        var sdk = OpenTelemetrySdk.builder()
                .setTracerProvider(providers.tracers())
                .setMeterProvider(providers.meters());
        if (providers.loggers() != null) {
            sdk.setLoggerProvider(providers.loggers());
        }
        OpenTelemetry otel = sdk.build();
        var upstream = UpstreamTelemetry.create(
                otel,
                children,
                SdkSettings.semconvMode(application.settings),
                SdkSettings.capturesAllMethods(application.settings),
                options,
                series);
        return new Service(
                Telemetry.create(otel, options, series), upstream, provided.accounts, application.resource, apiSpans);
    }
}
