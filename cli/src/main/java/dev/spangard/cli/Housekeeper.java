// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Does the engine's chores again and again until the end, on a thread of its own. A chore that fails is logged, and
 * keeps no other from its turn.
 */
final class Housekeeper implements Runnable {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final Duration every;
    private final CountDownLatch stop;
    private final List<Runnable> chores;

    Housekeeper(Duration every, CountDownLatch stop, List<Runnable> chores) {
        this.every = every;
        this.stop = stop;
        this.chores = List.copyOf(chores);
    }

    @Override
    public void run() {
        try {
            while (!stop.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
                chores.forEach(Housekeeper::attempt);
            }
        } catch (InterruptedException e) {
            // Nobody does that; without the housekeeper the engine still records.
            Thread.currentThread().interrupt();
        }
    }

    /** Does a chore and logs whatever it throws. */
    static void attempt(Runnable chore) {
        try {
            chore.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a chore of the engine failed", e);
        }
    }
}
