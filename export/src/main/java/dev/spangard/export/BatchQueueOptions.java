// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.Settings;
import java.time.Duration;

/**
 * Limits of one {@link BatchQueue}.
 *
 * @param capacity how many items may wait; further ones are dropped and counted
 * @param batch how many items are handed to the exporter at a time
 * @param delay how long an item waits for its batch to fill
 * @param exportTimeout how long the exporter may take for one attempt before the next batch is tried
 * @param shutdownTimeout how long what is queued is still exported at the end
 * @param retry when a batch is tried again whose fault may pass
 */
public record BatchQueueOptions(
        int capacity, int batch, Duration delay, Duration exportTimeout, Duration shutdownTimeout, Retry retry) {
    /** How long all queues together export at the engine's end. */
    public static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(5);

    static final BatchQueueOptions DEFAULTS = new BatchQueueOptions(
            8192, 2048, Duration.ofSeconds(1), Duration.ofSeconds(30), SHUTDOWN_TIMEOUT, Retry.DEFAULTS);

    public BatchQueueOptions {
        if (capacity < 1 || batch < 1 || batch > capacity) {
            throw new IllegalArgumentException(
                    "batch " + batch + " must be within 1 and the queue's capacity " + capacity);
        }
    }

    /** These limits with another way of trying again. */
    public BatchQueueOptions trying(Retry again) {
        return new BatchQueueOptions(capacity, batch, delay, exportTimeout, shutdownTimeout, again);
    }

    /** The limits of a queue of spans, by the {@code OTEL_BSP_*} variables; warns of those that cannot be so. */
    public static BatchQueueOptions ofSpans(Settings settings) {
        int capacity = settings.whole("OTEL_BSP_MAX_QUEUE_SIZE", DEFAULTS.capacity, 1);
        int batch = settings.whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Math.min(DEFAULTS.batch, capacity), 1);
        if (batch > capacity) {
            settings.warn("OTEL_BSP_MAX_EXPORT_BATCH_SIZE=" + batch + " is larger than the queue of " + capacity
                    + "; using " + capacity);
            batch = capacity;
        }
        return new BatchQueueOptions(
                capacity,
                batch,
                settings.millis("OTEL_BSP_SCHEDULE_DELAY", DEFAULTS.delay),
                settings.millis("OTEL_BSP_EXPORT_TIMEOUT", DEFAULTS.exportTimeout),
                DEFAULTS.shutdownTimeout,
                DEFAULTS.retry);
    }
}
