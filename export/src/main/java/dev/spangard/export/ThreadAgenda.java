// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs its tasks on a daemon thread of its own, which begins with the first. A task that throws is logged, and the next
 * is run.
 */
public final class ThreadAgenda implements Agenda {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final ScheduledThreadPoolExecutor thread;

    /**
     * Starts no thread yet.
     *
     * @param name the thread's
     */
    public ThreadAgenda(String name) {
        thread = new ScheduledThreadPoolExecutor(
                1, task -> Thread.ofPlatform().daemon().name(name).unstarted(task));
        thread.setRemoveOnCancelPolicy(true);
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void soon(Runnable task) {
        at(System.nanoTime(), task);
    }

    @Override
    public Entry at(long nanoTime, Runnable task) {
        try {
            var entry = thread.schedule(
                    () -> guarded(task), Math.max(0, nanoTime - System.nanoTime()), TimeUnit.NANOSECONDS);
            return () -> entry.cancel(false);
        } catch (RejectedExecutionException e) {
            return () -> {};
        }
    }

    /** Runs a task so that the next is run, whatever this one does. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a task of the engine failed", e);
        }
    }

    @Override
    public void close() {
        thread.shutdown();
    }
}
