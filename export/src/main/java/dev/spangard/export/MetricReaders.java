// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import dev.spangard.settings.Signal;
import dev.spangard.settings.Variables;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.ExemplarFilter;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.export.AggregationTemporalitySelector;
import io.opentelemetry.sdk.metrics.export.CardinalityLimitSelector;
import io.opentelemetry.sdk.metrics.export.DefaultAggregationSelector;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The readers that {@code OTEL_METRICS_EXPORTER} names, or what its absence means.
 *
 * @param readers those that push metrics somewhere
 * @param prints whether one of them does so to the application's standard output
 * @param prometheus where the application wants its metrics to be scraped; null if it does not say
 */
public record MetricReaders(
        List<MetricReader> readers,
        boolean prints,
        @Nullable InetSocketAddress prometheus) {
    private static final String VARIABLE = "OTEL_METRICS_EXPORTER";
    private static final Set<String> WITHOUT_COLLECTOR = Set.of("none", "console", "prometheus");
    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(60);
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);
    private static final int DEFAULT_PROMETHEUS_PORT = 9464;

    /** The limit that the OpenTelemetry specification and its SDKs have. */
    static final int DEFAULT_CARDINALITY_LIMIT = 2000;
    /**
     * The most that may be set: a series takes some kilobytes, for each reader, of a heap that all applications share.
     */
    static final int MOST_CARDINALITY_LIMIT = 10_000;

    public MetricReaders {
        readers = List.copyOf(readers);
    }

    /**
     * Makes the readers of a service.
     *
     * @param service whose they are, in the log
     * @param applicationOutput the application's standard output; null if it cannot be written to
     * @param isGuest whether the application is another user's than the engine, who listens nowhere for it
     * @param undo ends them, if what they are for does not come to be
     * @throws ConfigurationException with one line for the user if the variable names what there is not, or settings of
     *     an exporter cannot be used
     */
    public static MetricReaders read(
            String service,
            Settings settings,
            @Nullable ApplicationOutput applicationOutput,
            boolean isGuest,
            Rollback undo)
            throws ConfigurationException {
        Duration interval = settings.millis("OTEL_METRIC_EXPORT_INTERVAL", DEFAULT_INTERVAL);
        List<MetricReader> readers = new ArrayList<>();
        boolean prints = false;
        InetSocketAddress prometheus = null;
        for (String name : names(settings)) {
            OtlpSettings otlp = OtlpSettings.ofExporter(settings, Signal.METRICS, name);
            if (otlp != null) {
                MetricExporter exporter = exporter(service + ", " + name, settings, otlp);
                undo.add(exporter::shutdown);
                readers.add(periodic(exporter, interval));
                continue;
            }
            switch (name) {
                case "none" -> {}
                case "console" -> {
                    if (applicationOutput == null) {
                        settings.warn(VARIABLE + "=console: the application has no standard output to print to");
                    } else {
                        readers.add(periodic(new ConsoleMetricExporter(applicationOutput), interval));
                        prints = true;
                    }
                }
                case "prometheus" -> {
                    if (isGuest) {
                        settings.warn(VARIABLE + "=prometheus: the engine listens nowhere for another user");
                    } else {
                        prometheus = scraped(settings);
                    }
                }
                default -> throw unsupported(name);
            }
        }
        return new MetricReaders(readers, prints, prometheus);
    }

    /**
     * Where the application wants to be scraped. No name is looked up: that could keep the engine waiting for an
     * answer.
     */
    private static @Nullable InetSocketAddress scraped(Settings settings) {
        String host = settings.text("OTEL_EXPORTER_PROMETHEUS_HOST", "localhost");
        int port = Math.min(0xffff, settings.whole("OTEL_EXPORTER_PROMETHEUS_PORT", DEFAULT_PROMETHEUS_PORT, 1));
        try {
            InetAddress address =
                    host.equals("localhost") ? InetAddress.getLoopbackAddress() : InetAddress.ofLiteral(host);
            return new InetSocketAddress(address, port);
        } catch (IllegalArgumentException e) {
            settings.warn("OTEL_EXPORTER_PROMETHEUS_HOST=" + Settings.shortened(host)
                    + " is neither localhost nor an address; no metrics there");
            return null;
        }
    }

    /**
     * Where metrics go by OTLP; null if they do not.
     *
     * @throws ConfigurationException as {@link #read}
     */
    public static @Nullable OtlpSettings collector(Settings settings) throws ConfigurationException {
        OtlpSettings collector = null;
        for (String name : names(settings)) {
            OtlpSettings otlp = OtlpSettings.ofExporter(settings, Signal.METRICS, name);
            if (otlp != null) {
                collector = otlp;
            } else if (!WITHOUT_COLLECTOR.contains(name)) {
                throw unsupported(name);
            }
        }
        return collector;
    }

    private static ConfigurationException unsupported(String name) {
        return new ConfigurationException(VARIABLE + "=" + Settings.shortened(name)
                + " is not supported: it can be otlp, prometheus, console, none, or several of them");
    }

    /**
     * The exporters' names. Whoever names a collector for spans wants metrics there too; who names none finds them at
     * the admin endpoint.
     */
    private static Set<String> names(Settings settings) {
        List<String> named = settings.list(VARIABLE);
        if (named != null) {
            return new LinkedHashSet<>(named);
        }
        List<String> traces = settings.list("OTEL_TRACES_EXPORTER");
        boolean otlp = OtlpSettings.hasEndpoint(settings, Signal.METRICS)
                || (traces != null && traces.stream().anyMatch(name -> name.startsWith("otlp")));
        return otlp ? Set.of("otlp") : Set.of();
    }

    /**
     * How many series an instrument has at most, the one with {@code otel.metric.overflow} included. The engine's own
     * books, which are observed, are bounded by what they count.
     */
    public static CardinalityLimitSelector cardinality(Settings settings) {
        int given = settings.whole(Settings.CARDINALITY_LIMIT, DEFAULT_CARDINALITY_LIMIT, 2);
        int limit = Math.min(given, MOST_CARDINALITY_LIMIT);
        if (limit < given) {
            settings.warn(Settings.CARDINALITY_LIMIT + "=" + given + " is more than " + limit + "; using " + limit);
        }
        return type -> switch (type) {
            case COUNTER, UP_DOWN_COUNTER, HISTOGRAM, GAUGE -> limit;
            case OBSERVABLE_COUNTER, OBSERVABLE_UP_DOWN_COUNTER, OBSERVABLE_GAUGE -> DEFAULT_CARDINALITY_LIMIT;
        };
    }

    /**
     * A reader that pushes. Python measures a time-out from the start of each export; here it bounds the OTLP timeout.
     */
    private static MetricReader periodic(MetricExporter exporter, Duration interval) {
        return PeriodicMetricReader.builder(exporter).setInterval(interval).build();
    }

    private static MetricExporter exporter(String title, Settings settings, OtlpSettings otlp)
            throws ConfigurationException {
        OtlpSettings within = otlp.within(settings.millis("OTEL_METRIC_EXPORT_TIMEOUT", DEFAULT_TIMEOUT));
        return new ReportingMetricExporter(
                OtlpExporters.metrics(within, temporality(settings), aggregation(settings)),
                new ExportFailureLog(title + " to " + Variables.shown("", within.endpoint()), "metric"),
                within.timeout());
    }

    private static AggregationTemporalitySelector temporality(Settings settings) {
        String variable = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
        String preference = settings.text(variable, "cumulative");
        return switch (preference.toLowerCase(Locale.ROOT)) {
            case "cumulative" -> AggregationTemporalitySelector.alwaysCumulative();
            case "delta" -> AggregationTemporalitySelector.deltaPreferred();
            case "lowmemory" -> AggregationTemporalitySelector.lowMemory();
            default -> {
                settings.warn(variable + "=" + Settings.shortened(preference) + " is not known; using cumulative");
                yield AggregationTemporalitySelector.alwaysCumulative();
            }
        };
    }

    private static DefaultAggregationSelector aggregation(Settings settings) {
        String variable = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
        String preference = settings.text(variable, "explicit_bucket_histogram");
        return switch (preference.toLowerCase(Locale.ROOT)) {
            case "explicit_bucket_histogram" -> DefaultAggregationSelector.getDefault();
            case "base2_exponential_bucket_histogram" ->
                DefaultAggregationSelector.getDefault()
                        .with(InstrumentType.HISTOGRAM, Aggregation.base2ExponentialBucketHistogram());
            default -> {
                settings.warn(variable + "=" + Settings.shortened(preference)
                        + " is not known; using explicit_bucket_histogram");
                yield DefaultAggregationSelector.getDefault();
            }
        };
    }

    /** Which measurements are kept as exemplars; warns of a filter that is not known. */
    public static ExemplarFilter exemplars(Settings settings) {
        String filter = settings.text("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based");
        return switch (filter.toLowerCase(Locale.ROOT)) {
            case "trace_based" -> ExemplarFilter.traceBased();
            case "always_on" -> ExemplarFilter.alwaysOn();
            case "always_off" -> ExemplarFilter.alwaysOff();
            default -> {
                settings.warn("OTEL_METRICS_EXEMPLAR_FILTER=" + Settings.shortened(filter)
                        + " is not known; using trace_based");
                yield ExemplarFilter.traceBased();
            }
        };
    }
}
