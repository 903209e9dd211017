// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;

/**
 * The engine's log: one line a record on standard error, in a {@link LogFormat}, as often as a {@link LogThrottle} lets
 * it. System.Logger and the OpenTelemetry SDK both end here.
 */
public final class EngineLog extends LogManager {
    /** Makes the log manager. {@link LogManager} alone calls it, and makes the one there is. */
    public EngineLog() {}

    /** Writes to {@code err} what is logged from this level on. {@link Main} has made this the log manager before. */
    static void write(PrintStream err, Level level, LogFormat format) {
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        root.addHandler(new Lines(err, format, new LogThrottle(System::nanoTime)));
        root.setLevel(
                switch (level) {
                    case DEBUG -> java.util.logging.Level.FINE;
                    case WARNING -> java.util.logging.Level.WARNING;
                    case ERROR -> java.util.logging.Level.SEVERE;
                    default -> java.util.logging.Level.INFO;
                });
    }

    /** Logs how often messages were left out, where their minute is over. The housekeeper calls it now and then. */
    static void logSuppressed() {
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            handler.flush();
        }
    }

    /** Logs how often messages were left out that no line has counted yet: the log ends. */
    static void end() {
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            handler.close();
        }
    }

    /**
     * Does nothing: the JVM resets its log manager when it begins to end, and what is lost while draining would go
     * unlogged.
     */
    @Override
    public void reset() {}

    /** The handler that all records go to. Thread-safe: a line is one call of the stream. */
    static final class Lines extends Handler {
        private static final Set<String> SDK_EXPORTERS = Set.of(
                "io.opentelemetry.exporter.otlp.internal.HttpExporter",
                "io.opentelemetry.exporter.otlp.internal.GrpcExporter");
        private static final String METRIC_READER = "io.opentelemetry.sdk.metrics.export.PeriodicMetricReader";

        private final PrintStream err;
        private final LogFormat format;
        private final LogThrottle throttle;

        Lines(PrintStream err, LogFormat format, LogThrottle throttle) {
            this.err = err;
            this.format = format;
            this.throttle = throttle;
            setFormatter(new SimpleFormatter());
        }

        @Override
        public void publish(LogRecord record) {
            if (!isLoggable(record) || isSaidOtherwise(record)) {
                return;
            }
            log(throttle.ended());
            String level = name(record.getLevel());
            String logger = String.valueOf(record.getLoggerName());
            String message = getFormatter().formatMessage(record);
            if (throttle.admits(level, logger, message)) {
                err.println(format.line(record.getInstant(), level, logger, message, record.getThrown()));
            }
        }

        /**
         * Whether it is the SDK's word that an export of metrics or log records has failed, which the engine tells itself: of
         * which service, to which collector, and when it is over.
         */
        private static boolean isSaidOtherwise(LogRecord record) {
            String logger = String.valueOf(record.getLoggerName());
            return SDK_EXPORTERS.contains(logger)
                    || (logger.equals(METRIC_READER) && "Exporter failed".equals(record.getMessage()));
        }

        private void log(List<LogThrottle.Suppressed> messages) {
            for (LogThrottle.Suppressed one : messages) {
                err.println(format.line(
                        Instant.now(),
                        one.level(),
                        one.logger(),
                        "not shown " + one.count() + " times within a minute: " + one.message(),
                        null));
            }
        }

        @Override
        public void flush() {
            log(throttle.ended());
            err.flush();
        }

        @Override
        public void close() {
            log(throttle.rest());
            err.flush();
        }
    }

    static String name(java.util.logging.@Nullable Level level) {
        int value = level == null ? 0 : level.intValue();
        if (value >= java.util.logging.Level.SEVERE.intValue()) {
            return "ERROR";
        }
        if (value >= java.util.logging.Level.WARNING.intValue()) {
            return "WARN";
        }
        return value >= java.util.logging.Level.INFO.intValue() ? "INFO" : "DEBUG";
    }
}
