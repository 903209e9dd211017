// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.random.RandomGenerator;

/**
 * A clock, and tasks that are run one at a time when their time has come: what only they touch needs no lock. Any
 * thread may schedule a task, which does not run it. Whoever is given an agenda as its own closes it.
 */
interface Agenda {
    /** The time, as {@link System#nanoTime} has it. */
    long nanoTime();

    /** Random numbers, to spread what many do after the same event. */
    default RandomGenerator random() {
        return RandomGenerator.getDefault();
    }

    /** Schedules a task behind those whose time has come. */
    void soon(Runnable task);

    /** Schedules a task for this time, or as soon after it as may be. */
    Entry at(long nanoTime, Runnable task);

    /** Ends the agenda with the task that asks for this: no other is run any more, nor taken. */
    void close();

    /** A task that is scheduled. */
    interface Entry {
        /** Has the task not run; without effect if it has been. */
        void cancel();
    }
}
