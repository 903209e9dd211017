// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.CompletableResultCode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait until all has been exported that was queued when they asked. Any thread may ask; the queue's agenda
 * completes their results, outside the lock, as a result calls back under one of its own.
 */
final class PendingFlushes {
    private final ShutdownDeadline deadline;
    // Guarded by this.
    private final List<Flush> flushes = new ArrayList<>();

    /** @param upTo done when so many items have been taken and exported */
    private record Flush(long upTo, CompletableResultCode result) {}

    PendingFlushes(ShutdownDeadline deadline) {
        this.deadline = deadline;
    }

    /**
     * Adds one.
     *
     * @param upTo how many items must have been taken and exported
     * @return null if the shutdown has begun, which exports all there is
     */
    synchronized @Nullable CompletableResultCode add(long upTo) {
        if (deadline.isSet()) {
            return null;
        }
        var asked = new CompletableResultCode();
        flushes.add(new Flush(upTo, asked));
        return asked;
    }

    /** Whether anybody waits. */
    synchronized boolean exist() {
        return !flushes.isEmpty();
    }

    /** Completes those who wait for no more than so many items. */
    void complete(long taken) {
        List<CompletableResultCode> done = new ArrayList<>();
        synchronized (this) {
            for (Iterator<Flush> all = flushes.iterator(); all.hasNext(); ) {
                Flush flush = all.next();
                if (flush.upTo <= taken) {
                    all.remove();
                    done.add(flush.result);
                }
            }
        }
        done.forEach(CompletableResultCode::succeed);
    }

    /** Completes all, when what they wait for has been exported or given up. */
    void completeAll() {
        complete(Long.MAX_VALUE);
    }
}
