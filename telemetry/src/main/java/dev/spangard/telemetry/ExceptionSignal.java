// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.List;

/**
 * The signal as which an exception that left the application is recorded: {@code OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN}
 * of the semantic conventions, which move from events of the span to log records.
 */
public enum ExceptionSignal {
    /** An event of the span; the default. */
    SPAN_EVENTS,
    /** A log record: {@code logs}. */
    LOGS,
    /** Both: {@code logs/dup}. */
    BOTH;

    /**
     * Returns the signal that the elements of the variable ask for; those that mean something to other instrumentations
     * are passed over.
     */
    public static ExceptionSignal of(List<String> optIns) {
        if (optIns.contains("logs/dup")) {
            return BOTH;
        }
        return optIns.contains("logs") ? LOGS : SPAN_EVENTS;
    }

    /** Whether an exception is an event of the request's span. */
    public boolean inSpanEvents() {
        return this != LOGS;
    }

    /** Whether an exception is a log record. */
    public boolean inLogs() {
        return this != SPAN_EVENTS;
    }
}
