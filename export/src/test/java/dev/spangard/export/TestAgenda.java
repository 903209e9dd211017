// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.random.RandomGenerator;

/** Stands still until the test has it go on. One thread. */
final class TestAgenda implements Agenda {
    /** Of any number of agendas. */
    static final class Clock {
        /** Not 0, and soon past the largest long, as {@link System#nanoTime} may be. */
        long nanoTime = Long.MAX_VALUE - 1_000_000_000;
    }

    private record Task(long nanoTime, long number, Runnable runs) {}

    final Clock clock;
    private final RandomGenerator random;
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(this::ahead).thenComparingLong(Task::number));
    private final long begun;
    private long number;
    private boolean isClosed;

    TestAgenda() {
        this(new Clock());
    }

    TestAgenda(Clock clock) {
        this(clock, RandomGenerator.getDefault());
    }

    TestAgenda(Clock clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
        this.begun = clock.nanoTime;
    }

    private long ahead(Task task) {
        return task.nanoTime - begun;
    }

    @Override
    public long nanoTime() {
        return clock.nanoTime;
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public void soon(Runnable task) {
        at(clock.nanoTime, task);
    }

    @Override
    public Entry at(long nanoTime, Runnable task) {
        if (isClosed) {
            return () -> {};
        }
        var entry = new Task(nanoTime, number++, task);
        tasks.add(entry);
        return () -> tasks.remove(entry);
    }

    @Override
    public void close() {
        isClosed = true;
        tasks.clear();
    }

    boolean isClosed() {
        return isClosed;
    }

    /** How long until the next task is due, 0 if one is; {@link Long#MAX_VALUE} if there is none. */
    long nanosToNext() {
        Task next = tasks.peek();
        return next == null ? Long.MAX_VALUE : Math.max(0, next.nanoTime - clock.nanoTime);
    }

    /** Runs one task that is due; false if none is. */
    boolean runNext() {
        if (nanosToNext() > 0) {
            return false;
        }
        tasks.remove().runs.run();
        return true;
    }

    /** All that is due, what that asks for included. */
    void run() {
        boolean ran = true;
        while (ran) {
            ran = runNext();
        }
    }

    /** As time goes by; everything is run when it is due. */
    void advance(Duration by) {
        long end = clock.nanoTime + by.toNanos();
        run();
        for (long next = nanosToNext(); next <= end - clock.nanoTime; next = nanosToNext()) {
            clock.nanoTime += next;
            run();
        }
        clock.nanoTime = end;
    }
}
