// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/** The clock from which the middleware reads times; tests have one of their own. */
interface Clock {
    /** Returns the time of day at a reading of {@link #nanoTime}, nanoseconds since the epoch. */
    long epochNanos(long nanoTime);

    /** Returns the nanoseconds since some moment; never goes back. */
    long nanoTime();
}
