// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.Settings;
import java.time.Duration;

/**
 * Limits of one {@link SpanQueue}: the {@code OTEL_BSP_*} variables.
 *
 * @param capacity spans waiting; further ones are dropped and counted
 * @param batch spans handed to the exporter at a time
 * @param delay how long a span waits for its batch to fill
 * @param exportTimeout how long the exporter may take for one try before the next batch is tried
 * @param shutdownTimeout how long what is queued is still exported at the end
 * @param retry of batches whose fault may pass
 */
public record SpanQueueOptions(
        int capacity, int batch, Duration delay, Duration exportTimeout, Duration shutdownTimeout, Retry retry) {
    /** Of all queues together, at the engine's end. */
    public static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(5);

    static final SpanQueueOptions DEFAULTS = new SpanQueueOptions(
            8192, 2048, Duration.ofSeconds(1), Duration.ofSeconds(30), SHUTDOWN_TIMEOUT, Retry.DEFAULTS);

    public SpanQueueOptions {
        if (capacity < 1 || batch < 1 || batch > capacity) {
            throw new IllegalArgumentException(
                    "batch " + batch + " must be within 1 and the queue's capacity " + capacity);
        }
    }

    /** With another way of trying again. */
    public SpanQueueOptions trying(Retry again) {
        return new SpanQueueOptions(capacity, batch, delay, exportTimeout, shutdownTimeout, again);
    }

    public static SpanQueueOptions read(Settings settings) {
        int capacity = settings.whole("OTEL_BSP_MAX_QUEUE_SIZE", DEFAULTS.capacity, 1);
        int batch = settings.whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Math.min(DEFAULTS.batch, capacity), 1);
        if (batch > capacity) {
            settings.warn("OTEL_BSP_MAX_EXPORT_BATCH_SIZE=" + batch + " is larger than the queue of " + capacity
                    + "; using " + capacity);
            batch = capacity;
        }
        return new SpanQueueOptions(
                capacity,
                batch,
                settings.millis("OTEL_BSP_SCHEDULE_DELAY", DEFAULTS.delay),
                settings.millis("OTEL_BSP_EXPORT_TIMEOUT", DEFAULTS.exportTimeout),
                DEFAULTS.shutdownTimeout,
                DEFAULTS.retry);
    }
}
