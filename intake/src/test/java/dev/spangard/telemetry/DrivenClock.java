// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/** A clock for middleware under test, whose package keeps its own to itself. */
public final class DrivenClock implements Clock {
    private final long startNanos;
    private long nanos;

    /** A clock that shows this time of day. */
    public DrivenClock(long startNanos) {
        this.startNanos = startNanos;
    }

    /** Middleware that reads this clock. */
    public MiddlewareBuilder read(MiddlewareBuilder middleware) {
        return middleware.clock(this);
    }

    /** Shows the start and what has passed since. */
    public void set(long nanosSinceStart) {
        nanos = nanosSinceStart;
    }

    @Override
    public long epochNanos(long nanoTime) {
        return startNanos + nanoTime;
    }

    @Override
    public long nanoTime() {
        return nanos;
    }
}
