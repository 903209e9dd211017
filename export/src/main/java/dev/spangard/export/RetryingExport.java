// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.CompletableResultCode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tries one batch after the other at one exporter, each until what became of it is known ({@link Retry}), and logs when
 * failures begin and when they are over. It never waits: all is done by tasks of its {@link Agenda}, which alone may
 * ask for {@link #deliver}; any thread may close it.
 */
final class RetryingExport {
    private final ExportFailureLog failureLog;
    private final Retry retry;
    private final Duration timeout;
    private final Agenda agenda;
    private final ShutdownDeadline deadline;
    /** The delivery under way; null between two. The agenda's. */
    private @Nullable DeliveryState current;

    /**
     * Begins with nothing to deliver.
     *
     * @param failureLog this export's alone
     * @param timeout how long one attempt may take
     * @param deadline after whose beginning each batch is tried once more, and again as long as there is time
     */
    RetryingExport(
            ExportFailureLog failureLog, Retry retry, Duration timeout, Agenda agenda, ShutdownDeadline deadline) {
        this.failureLog = failureLog;
        this.retry = retry;
        this.timeout = timeout;
        this.agenda = agenda;
        this.deadline = deadline;
    }

    /**
     * What became of a batch.
     *
     * @param failure null if all was delivered
     * @param atEnd whether the fault might have passed, but there is no time left
     */
    record ExportResult(@Nullable Throwable failure, boolean atEnd) {
        /** How many of so many items were rejected; 0 if not even a part was taken. */
        int rejected(int items) {
            return failure instanceof ExportException fault ? (int) Math.min(fault.rejected(), items) : 0;
        }

        /** Whether all was delivered, or all but those rejected. */
        boolean delivered() {
            return failure == null || (failure instanceof ExportException fault && fault.rejected() > 0);
        }
    }

    /** A batch under way. The agenda calls it, but for {@link #answeredLate}. */
    interface Delivery {
        /** Begins one attempt. */
        CompletableResultCode attempt();

        /** Whether newer batches need the room of this one, which is old; asked after a failure. */
        boolean givesWay();

        /** The delivery has ended. */
        void ended(ExportResult result);

        /** The delivery has ended, too: no answer came in time. */
        void unanswered();

        /** An answer came after {@link #unanswered}; called on the thread that brings it. */
        void answeredLate(ExportResult result);
    }

    /** One attempt. Its result must not be asked under this lock: it calls back under a lock of its own. */
    private static final class Attempt {
        // Guarded by this.
        private boolean isAnswered;
        /** Whether nobody waits for the answer any more. */
        private boolean isLate;
        /** Null if all was delivered. */
        private @Nullable Throwable failure;

        /** Takes the answer; false if it is late. */
        synchronized boolean answer(@Nullable Throwable why) {
            isAnswered = true;
            failure = why;
            return !isLate;
        }

        /** Waits no longer for the answer; false if it has come. */
        synchronized boolean giveUp() {
            isLate = !isAnswered;
            return isLate;
        }

        synchronized @Nullable Throwable failure() {
            return failure;
        }
    }

    /** The attempts of one delivery. The agenda's. */
    private static final class DeliveryState {
        final Delivery delivery;
        final long sinceNanos;
        int failures;
        /** Whether it was tried since the shutdown began; if not, it is once more at once. */
        boolean triedAtEnd;
        /** The attempt under way; null in the pause before the next. */
        @Nullable
        Attempt attempt;
        /** Why the last attempt failed. */
        @Nullable
        Throwable failure;
        /** When the attempt, or the pause before the next, is over. */
        long untilNanos;

        Agenda.Entry alarm = () -> {};

        DeliveryState(Delivery delivery, long sinceNanos) {
            this.delivery = delivery;
            this.sinceNanos = sinceNanos;
        }
    }

    /**
     * Tries until it is known what became of the delivery, or nobody waits for it any more; the one before must have
     * ended.
     */
    void deliver(Delivery delivery) {
        var begun = new DeliveryState(delivery, agenda.nanoTime());
        current = begun;
        tryOnce(begun);
    }

    private void tryOnce(DeliveryState state) {
        state.triedAtEnd = deadline.isSet();
        CompletableResultCode result;
        try {
            result = state.delivery.attempt();
        } catch (RuntimeException | Error e) {
            failureLog.logDefect(e);
            end(state, new ExportResult(e, false));
            return;
        }
        var attempt = new Attempt();
        state.attempt = attempt;
        state.untilNanos = agenda.nanoTime() + timeout.toNanos();
        setAlarm(state);
        result.whenComplete(() -> {
            Throwable failure = failure(result);
            if (attempt.answer(failure)) {
                agenda.soon(() -> answered(state, attempt));
            } else {
                state.delivery.answeredLate(new ExportResult(failure, false));
            }
        });
    }

    private static @Nullable Throwable failure(CompletableResultCode result) {
        if (result.isSuccess()) {
            return null;
        }
        Throwable failure = result.getFailureThrowable();
        return failure == null ? ExportException.isFinal("the exporter gave up") : failure;
    }

    /** Rings when the attempt or the pause is over, and not after the deadline. */
    private void setAlarm(DeliveryState state) {
        state.alarm.cancel();
        state.alarm = agenda.at(deadline.bound(state.untilNanos), () -> timeIsOver(state));
    }

    private void timeIsOver(DeliveryState state) {
        Attempt attempt = state.attempt;
        if (current != state) {
            return;
        }
        if (attempt == null) {
            tryAgain(state);
        } else if (attempt.giveUp()) {
            current = null;
            failureLog.logUnanswered();
            state.delivery.unanswered();
        }
    }

    private void answered(DeliveryState state, Attempt attempt) {
        state.alarm.cancel();
        state.attempt = null;
        state.failures++;
        Throwable failure = attempt.failure();
        failureLog.log(failure);
        if (!(failure instanceof ExportException fault && fault.mayPass())) {
            end(state, new ExportResult(failure, false));
            return;
        }
        long now = agenda.nanoTime();
        if (now - state.sinceNanos >= retry.givesWayAfter().toNanos() && state.delivery.givesWay()) {
            end(state, new ExportResult(failure, deadline.isSet()));
            return;
        }
        state.failure = failure;
        state.untilNanos = now + (deadline.isSet() && !state.triedAtEnd ? 0 : pauseNanos(state, fault));
        setAlarm(state);
    }

    private long pauseNanos(DeliveryState state, ExportException fault) {
        int failures = state.triedAtEnd ? 1 : state.failures;
        return retry.delay(failures, fault.retryAfter(), agenda.random()).toNanos();
    }

    private void tryAgain(DeliveryState state) {
        if (deadline.isOver(agenda.nanoTime())) {
            end(state, new ExportResult(state.failure, true));
        } else {
            tryOnce(state);
        }
    }

    private void end(DeliveryState state, ExportResult result) {
        current = null;
        state.delivery.ended(result);
    }

    /**
     * Begins the shutdown: from now on each batch is tried once more, and again as long as there is time.
     *
     * @return false if it has begun before, whose deadline stays
     */
    boolean close(long byNanoTime) {
        boolean begins = deadline.set(byNanoTime);
        if (begins) {
            agenda.soon(this::hasten);
        }
        return begins;
    }

    /** What is in a pause is tried at once; what is under way is not waited for beyond the deadline. */
    private void hasten() {
        DeliveryState state = current;
        if (state != null) {
            if (state.attempt == null && !state.triedAtEnd) {
                state.untilNanos = agenda.nanoTime();
            }
            setAlarm(state);
        }
    }
}
