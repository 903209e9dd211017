// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the spans of all queues of an engine may hold of its memory together, those that an exporter is about to send
 * included; or the series of all services, for whom the same holds. A queue takes no more than is then still free, so that one whose collector does not answer leaves room for
 * the others. Thread-safe.
 */
public final class SpanMemory {
    /** Of the 96 MB of an engine's heap ({@code -Xmx}); sending needs some, too. */
    public static final long DEFAULT_BYTES = 32L << 20;

    private final long limit;
    private final AtomicLong held = new AtomicLong();

    /**
     * Begins empty.
     *
     * @param limit bytes
     */
    public SpanMemory(long limit) {
        this.limit = limit;
    }

    /**
     * Takes so much for a queue, if there is so much for it.
     *
     * @param already what the queue holds
     */
    public boolean take(int bytes, long already) {
        if (held.addAndGet(bytes) + already + bytes <= limit) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    public void give(long bytes) {
        held.addAndGet(-bytes);
    }

    public long held() {
        return held.get();
    }
}
