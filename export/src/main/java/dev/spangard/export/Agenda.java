// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.random.RandomGenerator;

/**
 * A clock, and tasks that are run one at a time when their time has come: what only they touch needs no lock. Any thread
 * may ask for one; asking does not run it.
 */
interface Agenda {
    /** As {@link System#nanoTime}. */
    long nanoTime();

    /** Spreads what many do after the same event. */
    default RandomGenerator random() {
        return RandomGenerator.getDefault();
    }

    /** Behind those whose time has come. */
    void soon(Runnable task);

    /** Not before this time. */
    Entry at(long nanoTime, Runnable task);

    /** Nothing more is run behind the task that asks for this, nor taken. */
    void close();

    /** A task whose time has not come. */
    interface Entry {
        /** It is not to be run; without effect if it has been. */
        void cancel();
    }
}
