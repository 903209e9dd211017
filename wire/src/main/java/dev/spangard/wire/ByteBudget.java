// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.util.concurrent.atomic.AtomicLong;

/** Memory that many share: who wants some takes it here first, and gives it back. Thread-safe. */
public final class ByteBudget {
    private final long limit;
    private final AtomicLong taken = new AtomicLong();

    /**
     * Makes a budget of which nothing is taken.
     *
     * @param limit bytes that may be taken at a time
     * @throws IllegalArgumentException if the limit is negative
     */
    public ByteBudget(long limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("a budget of " + limit + " bytes");
        }
        this.limit = limit;
    }

    /**
     * Takes so many bytes, or none if that is more than is left.
     *
     * @return whether they were taken; then {@link #give} is to be called with the same number
     */
    public boolean take(long bytes) {
        if (taken.addAndGet(bytes) <= limit) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    /** Gives back so many bytes that {@link #take} gave. */
    public void give(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** Returns how many bytes are taken now. */
    public long taken() {
        return taken.get();
    }

    /** Returns how many bytes may be taken at a time. */
    public long limit() {
        return limit;
    }
}
