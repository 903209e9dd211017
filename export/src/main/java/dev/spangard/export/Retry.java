// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When a batch that was not delivered is tried again. A batch is tried until it is delivered: only once it is older
 * than {@code givesWayAfter}, and newer ones find the queue full, it makes room for them. So an outage that the queue
 * can hold loses nothing, however long it is.
 *
 * @param first the pause after the first failure, doubled with each further one
 * @param longest the longest pause
 * @param longestAsked the longest pause where the collector says how long (Retry-After)
 * @param givesWayAfter how long after its first attempt a batch makes room for others
 */
record Retry(Duration first, Duration longest, Duration longestAsked, Duration givesWayAfter) {
    /** The Collector's exporters give up after five minutes, too, but try less often. */
    static final Retry DEFAULTS =
            new Retry(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofMinutes(5));

    /** After how many doublings a further one changes nothing. */
    private static final int MAX_DOUBLINGS = 20;

    /**
     * How long to wait before the next attempt. Half as long up to one and a half times, so that many services do not
     * come back at one instant; what the collector asked for is never cut.
     *
     * @param failures how many there were so far, at least 1
     * @param asked how long the collector asks to be left alone; null if it does not say
     */
    Duration delay(int failures, @Nullable Duration asked, RandomGenerator random) {
        if (asked != null) {
            Duration bounded = asked.compareTo(longestAsked) < 0 ? asked : longestAsked;
            return times(bounded.compareTo(first) < 0 ? first : bounded, random.nextDouble(1, 1.2));
        }
        Duration doubled = first.multipliedBy(1L << Math.min(failures - 1, MAX_DOUBLINGS));
        return times(doubled.compareTo(longest) < 0 ? doubled : longest, random.nextDouble(0.5, 1.5));
    }

    private static Duration times(Duration wait, double factor) {
        return Duration.ofNanos((long) (wait.toNanos() * factor));
    }
}
