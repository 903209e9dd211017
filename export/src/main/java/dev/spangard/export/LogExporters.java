// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import dev.spangard.settings.Signal;
import dev.spangard.settings.Variables;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.sdk.common.InternalTelemetryVersion;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds which exporters {@code OTEL_LOGS_EXPORTER} names, or what its absence means. The only log records are
 * exceptions, and only where {@value Settings#EXCEPTION_SIGNAL_OPT_IN} asks for them.
 */
public final class LogExporters {
    private static final String VARIABLE = "OTEL_LOGS_EXPORTER";
    private static final Duration DEFAULT_DELAY = Duration.ofSeconds(1);
    private static final String QUEUE_SIZE = "OTEL_BLRP_MAX_QUEUE_SIZE";
    private static final int DEFAULT_QUEUE = 2048;
    /** The most records that may wait, some with a stack trace of 16 KiB. */
    static final int MOST_QUEUE = 8192;

    private static final int DEFAULT_BATCH = 512;

    private LogExporters() {}

    /**
     * Makes the exporters of a service. Only to be called where it is to have log records.
     *
     * @param service whose they are, in the log
     * @param undo ends them, if what they are for does not come to be
     * @throws ConfigurationException with one line for the user if the variable names what there is not, or settings of
     *     an exporter cannot be used
     */
    public static List<LogRecordExporter> read(String service, Settings settings, Rollback undo)
            throws ConfigurationException {
        List<LogRecordExporter> exporters = new ArrayList<>();
        for (String name : names(settings)) {
            OtlpSettings otlp = OtlpSettings.ofExporter(settings, Signal.LOGS, name);
            if (otlp != null) {
                LogRecordExporter exporter = OtlpExporters.logs(otlp);
                undo.add(exporter::shutdown);
                String title = service + ", " + name + " to " + Variables.shown("", otlp.endpoint());
                exporters.add(new ReportingLogRecordExporter(
                        exporter, new ExportFailureLog(title, "log record"), otlp.timeout()));
            } else if (!name.equals("none")) {
                throw unsupported(name);
            }
        }
        return exporters;
    }

    /**
     * Makes the service's loggers.
     *
     * @param exporters as {@link #read} made them
     * @param meters take the counts of records that were exported, failed, or dropped from a full queue
     * @param memory shared with spans that wait
     */
    public static SdkLoggerProvider loggers(
            List<LogRecordExporter> exporters,
            Settings settings,
            Resource resource,
            MeterProvider meters,
            MemoryLimit memory) {
        var loggers = SdkLoggerProvider.builder().setResource(resource);
        Queue queue = queue(settings);
        for (LogRecordExporter exporter : exporters) {
            loggers.addLogRecordProcessor(new LogGate(
                    queue.capacity,
                    memory,
                    meters,
                    exporter,
                    counted -> BatchLogRecordProcessor.builder(counted)
                            .setScheduleDelay(queue.delay)
                            .setMaxQueueSize(queue.capacity)
                            .setMaxExportBatchSize(queue.batch)
                            .setMeterProvider(() -> meters)
                            .setInternalTelemetryVersion(InternalTelemetryVersion.LATEST)
                            .build()));
        }
        return loggers.build();
    }

    /**
     * The limits of a queue of log records.
     *
     * @param capacity how many may wait: the SDK's processor makes room for all of them at once
     * @param batch how many are exported together
     * @param delay how long the first of them waits
     */
    public record Queue(int capacity, int batch, Duration delay) {}

    /** Reads the limits of the queue; warns of what is no limit. */
    public static Queue queue(Settings settings) {
        int given = settings.whole(QUEUE_SIZE, DEFAULT_QUEUE, 1);
        int capacity = Math.min(given, MOST_QUEUE);
        if (capacity < given) {
            settings.warn(QUEUE_SIZE + "=" + given + " is more than " + capacity + "; using " + capacity);
        }
        return new Queue(
                capacity,
                Math.min(capacity, settings.whole("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", DEFAULT_BATCH, 1)),
                settings.millis("OTEL_BLRP_SCHEDULE_DELAY", DEFAULT_DELAY));
    }

    /**
     * Where log records go by OTLP, if there are any; null if they do not.
     *
     * @throws ConfigurationException as {@link #read}
     */
    public static @Nullable OtlpSettings collector(Settings settings) throws ConfigurationException {
        OtlpSettings collector = null;
        for (String name : names(settings)) {
            OtlpSettings otlp = OtlpSettings.ofExporter(settings, Signal.LOGS, name);
            if (otlp != null) {
                collector = otlp;
            } else if (!name.equals("none")) {
                throw unsupported(name);
            }
        }
        return collector;
    }

    private static ConfigurationException unsupported(String name) {
        return new ConfigurationException(
                VARIABLE + "=" + Settings.shortened(name) + " is not supported: it can be otlp or none");
    }

    /** The exporters' names. Whoever names a collector for spans wants exceptions there too. */
    private static Set<String> names(Settings settings) {
        List<String> named = settings.list(VARIABLE);
        if (named != null) {
            return new LinkedHashSet<>(named);
        }
        List<String> traces = settings.list("OTEL_TRACES_EXPORTER");
        boolean otlp = OtlpSettings.hasEndpoint(settings, Signal.LOGS)
                || (traces != null && traces.stream().anyMatch(name -> name.startsWith("otlp")));
        return otlp ? Set.of("otlp") : Set.of();
    }
}
