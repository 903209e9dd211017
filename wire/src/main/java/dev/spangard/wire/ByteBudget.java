// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.util.concurrent.atomic.AtomicLong;

/** Memory that many share: who wants some takes it here first, and gives it back. Thread-safe. */
public final class ByteBudget {
    private final long limit;
    private final AtomicLong taken = new AtomicLong();

    /** @param limit bytes that may be taken at a time */
    public ByteBudget(long limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("a budget of " + limit + " bytes");
        }
        this.limit = limit;
    }

    /** Takes so many bytes, or none and returns false if that is more than is left. */
    public boolean take(long bytes) {
        if (taken.addAndGet(bytes) <= limit) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    /** Gives back what was taken. */
    public void give(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** Bytes taken now. */
    public long taken() {
        return taken.get();
    }

    /** Bytes that may be taken at a time. */
    public long limit() {
        return limit;
    }
}
