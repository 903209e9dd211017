// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.List;

/**
 * As what an exception that left the application is told: {@code OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN} of the semantic
 * conventions, which move from events of the span to log records.
 */
public enum ExceptionSignal {
    SPAN_EVENTS,
    LOGS,
    BOTH;

    /** Reads the elements of the variable; those that mean something to other instrumentations are passed over. */
    public static ExceptionSignal of(List<String> optIns) {
        if (optIns.contains("logs/dup")) {
            return BOTH;
        }
        return optIns.contains("logs") ? LOGS : SPAN_EVENTS;
    }

    public boolean inSpanEvents() {
        return this != LOGS;
    }

    public boolean inLogs() {
        return this != SPAN_EVENTS;
    }
}
