// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/** Told the ids that the application has already seen, just before the span they belong to is started on this thread. */
@FunctionalInterface
public interface SpanIds {
    /**
     * The ids of the next span.
     *
     * @param traceHigh with {@code traceLow} the trace id of a span without parent; 0 for any
     * @param spanId 0 for any
     */
    void next(long traceHigh, long traceLow, long spanId);
}
