// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.util.concurrent.TimeUnit;

/**
 * Lets through so many a second, and as many at once: a token bucket of one second. No clock of its own; not
 * thread-safe.
 */
final class TokenBucket {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final long nanosEach;
    private long paidUntil;

    /**
     * Makes a full bucket.
     *
     * @param now {@link System#nanoTime}
     */
    TokenBucket(int perSecond, long now) {
        nanosEach = SECOND / perSecond;
        paidUntil = now - SECOND;
    }

    /** Takes one more at {@code now}, and returns how many nanoseconds to wait before the next, 0 or less if none. */
    long take(long now) {
        paidUntil = Math.max(paidUntil, now - SECOND) + nanosEach;
        return paidUntil - now;
    }
}
