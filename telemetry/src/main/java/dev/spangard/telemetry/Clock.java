// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.time.Instant;

/** What the middleware reads times from. */
interface Clock {
    Clock SYSTEM = new Clock() {
        @Override
        public long epochNanos() {
            Instant now = Instant.now();
            return now.getEpochSecond() * 1_000_000_000 + now.getNano();
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }
    };

    /** The time of day, nanoseconds since the epoch; may be set while a request runs. */
    long epochNanos();

    /** Nanoseconds since whenever; never goes back. */
    long nanoTime();
}
