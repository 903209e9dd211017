// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of an engine's memory all queues may hold together, those items included that an exporter is about to send;
 * or the series of all services, for which the same holds. Who takes of it gets no more than is then still free, so
 * that a queue whose collector does not answer leaves room for the others. Thread-safe, without a lock.
 */
public final class MemoryLimit {
    /** What spans may hold of the 96 MB of an engine's heap ({@code -Xmx}); sending needs some, too. */
    public static final long DEFAULT_BYTES = 32L << 20;

    private final long limit;
    private final AtomicLong held = new AtomicLong();

    /**
     * Begins empty.
     *
     * @param limit bytes
     */
    public MemoryLimit(long limit) {
        this.limit = limit;
    }

    /**
     * Takes so many bytes for a queue, if there are so many for it.
     *
     * @param already how many the queue holds
     * @return false if it took none
     */
    public boolean take(int bytes, long already) {
        if (held.addAndGet(bytes) + already + bytes <= limit) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    /** Gives back what was taken. */
    public void give(long bytes) {
        held.addAndGet(-bytes);
    }

    /** How many bytes are taken now, of all together. */
    public long held() {
        return held.get();
    }
}
