// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the {@code upstream} profile records of a request that is over. Times are nanoseconds since the epoch.
 * Immutable; lists are not copied.
 *
 * @param endedNanos when the server had taken the last message of the response, which ends the span; 0 if none was
 *     sent: then the span ends when the application returned
 * @param returnedNanos when the application returned or raised
 * @param target the route's template, where the framework has one
 * @param status null if none was sent; a WebSocket that sent a message has 200
 * @param bytesReceived counted, of request bodies
 * @param bytesSent handed over, of response bodies; negative if only the server knows
 * @param responseHeaders name, value, name, value …: those that were asked for, secrets already hidden
 * @param failure an exception that left the application, no cancellation
 * @param cancelled whether the application's task was cancelled
 * @param disconnected whether the client left
 * @param workerEnd how the process ended before the application returned, an {@code error.type}; null if it did not
 * @param application what the application did with the span
 */
public record UpstreamResult(
        long endedNanos,
        long returnedNanos,
        @Nullable String target,
        @Nullable UpstreamStatus status,
        long bytesReceived,
        long bytesSent,
        List<String> responseHeaders,
        @Nullable Failure failure,
        boolean cancelled,
        boolean disconnected,
        @Nullable String workerEnd,
        @Nullable ApplicationSpan application) {

    /**
     * Returns the result of a request whose process ended.
     *
     * @param errorType {@link Exchange#WORKER_DIED} or {@link Exchange#WORKER_EXITED}
     * @param epochNanos when
     */
    public static UpstreamResult workerEnded(String errorType, long epochNanos) {
        return new UpstreamResult(0, epochNanos, null, null, 0, 0, List.of(), null, false, false, errorType, null);
    }

    long spanEndNanos() {
        return endedNanos == 0 ? returnedNanos : endedNanos;
    }
}
