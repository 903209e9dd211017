// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import io.opentelemetry.sdk.common.CompletableResultCode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Tries one batch after the other at one exporter, each until its fate is known ({@link Retry}), and says in the log when
 * trouble begins and when it is over. One thread delivers; any thread may close.
 */
final class Courier {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final Retry retry;
    private final Duration timeout;
    private final Trouble told;

    private final ReentrantLock lock = new ReentrantLock();
    /** The deliverer waits here: for an answer, for the next try, for the end. */
    private final Condition news = lock.newCondition();
    // Guarded by the lock.
    private boolean closing;
    private long closeByNanos;

    /**
     * @param title in the log
     * @param timeout how long one try may take
     */
    Courier(String title, Retry retry, Duration timeout) {
        this.told = new Trouble(title);
        this.retry = retry;
        this.timeout = timeout;
    }

    /**
     * What became of a batch.
     *
     * @param failure null if all was delivered
     * @param atEnd whether the fault might have passed, but there is no time left
     */
    record Fate(@Nullable Throwable failure, boolean atEnd) {
        /** Of so many spans; 0 if not even a part was taken. */
        int rejected(int spans) {
            return failure instanceof NotDelivered fault ? (int) Math.min(fault.rejected(), spans) : 0;
        }

        /** All, or all but those rejected. */
        boolean delivered() {
            return failure == null || (failure instanceof NotDelivered fault && fault.rejected() > 0);
        }
    }

    /** The answer to one try, guarded by the lock. Its result must not be asked under that lock: it calls back under a lock of its own. */
    private static final class Answer {
        boolean came;
        /** Nobody waits for it any more: whoever brings it says so. */
        boolean isLate;
        /** Null if all was delivered. */
        @Nullable
        Throwable failure;
    }

    /**
     * Tries until the batch's fate is known, or nobody waits for it any more.
     *
     * @param attempt begins one try
     * @param givesWay whether newer ones need the room of a batch that is old; asked after a failure
     * @param late told the fate that was not known in time, by whoever brings it
     * @return null if no answer came in time
     */
    @Nullable
    Fate deliver(Supplier<CompletableResultCode> attempt, BooleanSupplier givesWay, Consumer<Fate> late) {
        long since = System.nanoTime();
        for (int failures = 1; ; failures++) {
            boolean atEnd = isClosing();
            Answer answer = tried(attempt, late);
            if (answer == null) {
                told.tell("no answer in time");
                return null;
            }
            Throwable failure = answer.failure;
            boolean mayPass = failure instanceof NotDelivered fault && fault.mayPass();
            told.tell(failure);
            if (!mayPass || !waitsToTryAgain(atEnd ? 1 : failures, since, failure, atEnd, givesWay)) {
                return new Fate(failure, mayPass && isClosing());
            }
        }
    }

    /** One try; null if no answer came in time. */
    private @Nullable Answer tried(Supplier<CompletableResultCode> attempt, Consumer<Fate> late) {
        var answer = new Answer();
        CompletableResultCode result;
        try {
            result = attempt.get();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "the span exporter failed", e);
            answer.failure = e;
            return answer;
        }
        result.whenComplete(() -> came(answer, failure(result), late));
        return await(answer) ? answer : null;
    }

    private static @Nullable Throwable failure(CompletableResultCode result) {
        if (result.isSuccess()) {
            return null;
        }
        Throwable failure = result.getFailureThrowable();
        return failure == null ? NotDelivered.isFinal("the exporter gave up") : failure;
    }

    /** Waits for the exporter, but not beyond the timeout nor beyond the end. */
    private boolean await(Answer answer) {
        long until = System.nanoTime() + timeout.toNanos();
        lock.lock();
        try {
            boolean inTime = true;
            while (!answer.came && inTime) {
                inTime = awaitUntil(until);
            }
            answer.isLate = !answer.came;
            return answer.came;
        } finally {
            lock.unlock();
        }
    }

    private void came(Answer answer, @Nullable Throwable failure, Consumer<Fate> late) {
        boolean isLate;
        lock.lock();
        try {
            answer.came = true;
            answer.failure = failure;
            isLate = answer.isLate;
            news.signal();
        } finally {
            lock.unlock();
        }
        if (isLate) {
            late.accept(new Fate(failure, false));
        }
    }

    /**
     * False if the batch is given up: it is old and others need its room, or the time to shut down is over.
     *
     * @param atEnd whether it was tried since the shutdown began; if not, it is once more at once
     */
    private boolean waitsToTryAgain(
            int failures, long since, @Nullable Throwable failure, boolean atEnd, BooleanSupplier givesWay) {
        Duration asked = failure instanceof NotDelivered fault ? fault.retryAfter() : null;
        long now = System.nanoTime();
        if (now - since >= retry.givesWayAfter().toNanos() && givesWay.getAsBoolean()) {
            return false;
        }
        long until =
                now + retry.delay(failures, asked, RandomGenerator.getDefault()).toNanos();
        lock.lock();
        try {
            boolean inTime = true;
            while (inTime && closing == atEnd) {
                inTime = awaitUntil(until);
            }
            return !closing || closeByNanos - System.nanoTime() >= 0;
        } finally {
            lock.unlock();
        }
    }

    /** Once, perhaps for no reason: callers loop. False when the time, or the time to close, is over. */
    @SuppressWarnings("WaitNotInLoop")
    private boolean awaitUntil(long nanoTime) {
        long until = closing && closeByNanos - nanoTime < 0 ? closeByNanos : nanoTime;
        try {
            return news.awaitNanos(until - System.nanoTime()) > 0;
        } catch (InterruptedException e) {
            // The deliverer's thread is ours alone and nobody interrupts it; if somebody did, there is nothing better
            // to
            // do than to end.
            closing = true;
            closeByNanos = System.nanoTime();
            return false;
        }
    }

    /** From now on each batch is tried once more, and again as long as there is time. */
    void close(long byNanoTime) {
        lock.lock();
        try {
            closing = true;
            closeByNanos = byNanoTime;
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    private boolean isClosing() {
        lock.lock();
        try {
            return closing;
        } finally {
            lock.unlock();
        }
    }
}
