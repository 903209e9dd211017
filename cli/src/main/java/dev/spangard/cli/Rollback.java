// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has been started of something that is not yet whole: ended in reverse by {@link #close}, unless {@link #keep} has said
 * that it is whole now. One thread.
 */
final class Rollback implements AutoCloseable {
    private final Deque<Runnable> ends = new ArrayDeque<>();

    /** @param end does not throw, and does not wait for long */
    void add(Runnable end) {
        ends.push(end);
    }

    void keep() {
        ends.clear();
    }

    @Override
    public void close() {
        ends.forEach(Runnable::run);
    }
}
