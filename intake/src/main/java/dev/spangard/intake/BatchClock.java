// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MarshalReader;

/**
 * Turns a recorder's monotonic readings into the time of day, by the pair of readings in the batch's header.
 *
 * @param wallNanos nanoseconds since the epoch
 * @param monoSeconds the monotonic clock at the same moment
 */
record BatchClock(long wallNanos, double monoSeconds) {
    /**
     * The most seconds that a reading may be away from the batch's: some 30 years. No process is older, and nothing
     * overflows.
     */
    private static final double MAX_DISTANCE_S = 1e9;

    static BatchClock read(MarshalReader in) {
        long wallNanos = in.int64();
        double monoSeconds = in.float64();
        if (wallNanos < 0 || wallNanos > Long.MAX_VALUE / 2 || !Double.isFinite(monoSeconds)) {
            throw in.malformed("clock readings " + wallNanos + ", " + monoSeconds);
        }
        return new BatchClock(wallNanos, monoSeconds);
    }

    /**
     * Reads a time that an application may have given itself: an int of nanoseconds since the epoch, not negative, or else
     * a reading.
     */
    long readTime(MarshalReader in) {
        return in.nextIsInt() ? Math.max(0, in.int64()) : readNanos(in);
    }

    /** Reads the next value, a reading in seconds, as nanoseconds since the epoch. */
    long readNanos(MarshalReader in) {
        return nanos(in, in.float64());
    }

    long nanos(MarshalReader in, double reading) {
        double distance = reading - monoSeconds;
        if (!(Math.abs(distance) < MAX_DISTANCE_S)) {
            throw in.malformed("clock reading " + reading + " is far from the batch's " + monoSeconds);
        }
        return wallNanos + (long) (distance * 1e9);
    }
}
