// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;

/**
 * The engine's log: one line a record on standard error, control characters escaped. System.Logger and the OpenTelemetry
 * SDK both end here.
 */
public final class EngineLog extends LogManager {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** For {@link LogManager} alone, which makes the one there is. */
    public EngineLog() {}

    /** Of what is logged from this level on. {@link Main} has made this the log manager before. */
    static void write(PrintStream err, Level level) {
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        root.addHandler(new Lines(err));
        root.setLevel(
                switch (level) {
                    case DEBUG -> java.util.logging.Level.FINE;
                    case WARNING -> java.util.logging.Level.WARNING;
                    case ERROR -> java.util.logging.Level.SEVERE;
                    default -> java.util.logging.Level.INFO;
                });
    }

    /** Nothing: the JVM resets its log manager when it begins to end, and what is lost while draining would go unsaid. */
    @Override
    public void reset() {}

    private static final class Lines extends Handler {
        private final PrintStream err;

        Lines(PrintStream err) {
            this.err = err;
            setFormatter(new SimpleFormatter());
        }

        @Override
        public void publish(LogRecord record) {
            if (isLoggable(record)) {
                err.println(line(record, getFormatter().formatMessage(record)));
            }
        }

        @Override
        public void flush() {
            err.flush();
        }

        @Override
        public void close() {}
    }

    static String line(LogRecord record, String message) {
        var line = new StringBuilder(160);
        TIME.formatTo(record.getInstant(), line);
        line.append(' ').append(name(record.getLevel())).append(' ');
        line.append(Console.printable(message));
        for (Throwable cause = record.getThrown(); cause != null; cause = cause.getCause()) {
            line.append(": ").append(cause.getClass().getName());
            String why = cause.getMessage();
            if (why != null) {
                line.append(": ").append(Console.printable(why));
            }
        }
        return line.toString();
    }

    private static String name(java.util.logging.@Nullable Level level) {
        int value = level == null ? 0 : level.intValue();
        if (value >= java.util.logging.Level.SEVERE.intValue()) {
            return "ERROR";
        }
        if (value >= java.util.logging.Level.WARNING.intValue()) {
            return "WARN ";
        }
        return value >= java.util.logging.Level.INFO.intValue() ? "INFO " : "DEBUG";
    }
}
