// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/** Shows the time it is told. */
final class FakeClock implements Clock {
    private long nanos;

    void advance(long nanos) {
        this.nanos += nanos;
    }

    @Override
    public long epochNanos(long nanoTime) {
        return Requests.START + nanoTime;
    }

    @Override
    public long nanoTime() {
        return nanos;
    }
}
