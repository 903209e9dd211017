// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.time.Instant;

/**
 * Reads the system's clocks. The time of day is read once a second and the monotonic clock tells the rest, which is
 * half as costly: a clock that is set shows after a second at most.
 *
 * <p>Thread-safe without locks: a race only reads the time of day once more.
 */
final class SystemClock implements Clock {
    private static final long MAX_AGE_NANOS = 1_000_000_000;

    private Anchor anchor = Anchor.now();

    private record Anchor(long epochNanos, long nanoTime) {
        static Anchor now() {
            Instant now = Instant.now();
            return new Anchor(now.getEpochSecond() * 1_000_000_000 + now.getNano(), System.nanoTime());
        }
    }

    @Override
    public long epochNanos(long nanoTime) {
        Anchor known = anchor;
        if (nanoTime - known.nanoTime > MAX_AGE_NANOS) {
            known = Anchor.now();
            anchor = known;
        }
        return known.epochNanos + (nanoTime - known.nanoTime);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }
}
