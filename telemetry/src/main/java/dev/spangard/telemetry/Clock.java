// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/** What the middleware reads times from. */
interface Clock {
    /** The time of day at a reading of {@link #nanoTime}, nanoseconds since the epoch. */
    long epochNanos(long nanoTime);

    /** Nanoseconds since whenever; never goes back. */
    long nanoTime();
}
