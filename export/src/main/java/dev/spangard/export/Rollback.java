// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has been started of something that is not yet whole: ended in reverse by {@link #close}, unless {@link #keep} has said
 * that it is whole now. One thread.
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

    public void keep() {
        ends.clear();
    }

    @Override
    public void close() {
        ends.forEach(Runnable::run);
    }
}
