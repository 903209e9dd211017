// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has been started of something that is not yet whole: {@link #close} ends it in reverse, unless {@link #keep} has
 * said that it is whole now. For one thread.
 */
public final class Rollback implements AutoCloseable {
    private final Deque<Runnable> ends = new ArrayDeque<>();

    /**
     * Adds how something that has been started is ended.
     *
     * @param end does not throw, and does not wait for long
     */
    public void add(Runnable end) {
        ends.push(end);
    }

    /** Keeps all that has been started. */
    public void keep() {
        ends.clear();
    }

    /** Ends what has been started and not kept. */
    @Override
    public void close() {
        ends.forEach(Runnable::run);
    }
}
