// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/**
 * Takes the ids that the application has already seen, just before the span they belong to is started on this thread.
 * The intake's {@code RecordedIds} is the one there is, and draws the way of the ids.
 */
@FunctionalInterface
public interface SpanIds {
    /**
     * Sets the ids of the next span.
     *
     * @param traceHigh with {@code traceLow} the trace id of a span without parent; 0 for any
     * @param traceLow its lower 64 bits
     * @param spanId 0 for any
     */
    void next(long traceHigh, long traceLow, long spanId);
}
