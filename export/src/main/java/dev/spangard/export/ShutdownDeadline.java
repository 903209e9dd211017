// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

/**
 * Whether a shutdown has begun, and by when it is to have ended. Set once, for good. Any thread may set and read it;
 * none waits.
 */
final class ShutdownDeadline {
    private volatile boolean isSet;
    /** Written before {@link #isSet}, and never after. */
    private long nanoTime;

    /**
     * Begins the shutdown.
     *
     * @return false if it has begun before, whose deadline stays
     */
    synchronized boolean set(long byNanoTime) {
        if (isSet) {
            return false;
        }
        nanoTime = byNanoTime;
        isSet = true;
        return true;
    }

    /** Whether the shutdown has begun. */
    boolean isSet() {
        return isSet;
    }

    /** Whether the shutdown has begun, and its time is over. */
    boolean isOver(long now) {
        return isSet && now - nanoTime >= 0;
    }

    /** The given time, or the deadline where that is earlier. */
    long bound(long time) {
        return isSet && nanoTime - time < 0 ? nanoTime : time;
    }

    /** The deadline, once it {@link #isSet}. */
    long nanoTime() {
        if (!isSet) {
            throw new IllegalStateException("no shutdown has begun");
        }
        return nanoTime;
    }
}
