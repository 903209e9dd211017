// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.trace.SpanContext;
import org.jspecify.annotations.Nullable;

/**
 * One call of {@code receive} or {@code send} by the application, a span of its own in the {@code upstream} profile. Times
 * are nanoseconds since the epoch.
 *
 * @param eventType the message's type; null if no message came
 * @param status of {@code http.response.start}; null for any other message
 * @param spanId 0 if nobody has seen it: a new one is made
 * @param parent null for the request's span; not valid for the first span of a trace of its own
 * @param traceHigh with {@code traceLow} the trace id, if {@code parent} is not valid
 * @param application what a hook did with it
 * @param failure what {@code receive} raised
 */
public record ChildSpan(
        Direction direction,
        @Nullable String eventType,
        @Nullable UpstreamStatus status,
        long startNanos,
        long endNanos,
        long spanId,
        @Nullable SpanContext parent,
        long traceHigh,
        long traceLow,
        @Nullable ApplicationSpan application,
        @Nullable Failure failure) {

    /** Which of the two the application called. */
    public enum Direction {
        RECEIVE("receive"),
        SEND("send");

        final String word;

        Direction(String word) {
            this.word = word;
        }
    }

    /** Makes the span of a call that no hook and no other code has looked at, below the request's span. */
    public static ChildSpan plain(
            Direction direction,
            @Nullable String eventType,
            @Nullable UpstreamStatus status,
            long startNanos,
            long endNanos) {
        return new ChildSpan(direction, eventType, status, startNanos, endNanos, 0, null, 0, 0, null, null);
    }
}
