// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.CompletableResultCode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tries one batch after the other at one exporter, each until its fate is known ({@link Retry}), and says in the log when
 * trouble begins and when it is over. Never waits: all is done by tasks of its {@link Agenda}, which alone may ask for
 * {@link #deliver}; any thread may close.
 */
final class RetryingExport {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final Retry retry;
    private final Duration timeout;
    private final Agenda agenda;
    private final ExportFailureLog told;
    // The agenda's.
    /** What is being delivered; null between two. */
    private @Nullable Errand errand;

    private boolean closing;
    private long closeByNanos;

    /**
     * @param title in the log
     * @param timeout how long one try may take
     */
    RetryingExport(String title, Retry retry, Duration timeout, Agenda agenda) {
        this.told = new ExportFailureLog(title);
        this.retry = retry;
        this.timeout = timeout;
        this.agenda = agenda;
    }

    /**
     * What became of a batch.
     *
     * @param failure null if all was delivered
     * @param atEnd whether the fault might have passed, but there is no time left
     */
    record ExportResult(@Nullable Throwable failure, boolean atEnd) {
        /** Of so many spans; 0 if not even a part was taken. */
        int rejected(int spans) {
            return failure instanceof ExportException fault ? (int) Math.min(fault.rejected(), spans) : 0;
        }

        /** All, or all but those rejected. */
        boolean delivered() {
            return failure == null || (failure instanceof ExportException fault && fault.rejected() > 0);
        }
    }

    /** A batch under way. Called on the agenda, but for {@link #late}. */
    interface Parcel {
        /** Begins one try. */
        CompletableResultCode attempt();

        /** Whether newer ones need the room of this one, which is old; asked after a failure. */
        boolean givesWay();

        /** The end of the errand. */
        void arrived(ExportResult result);

        /** The end of the errand, too: no answer came in time. */
        void unanswered();

        /** After {@link #unanswered}: an answer came, on the thread that brings it. */
        void late(ExportResult result);
    }

    /** One try. Its result must not be asked under this lock: it calls back under a lock of its own. */
    private static final class Answer {
        private boolean came;
        /** Nobody waits for it any more. */
        private boolean isLate;
        /** Null if all was delivered. */
        private @Nullable Throwable failure;

        /** False if it is late. */
        synchronized boolean bring(@Nullable Throwable why) {
            came = true;
            failure = why;
            return !isLate;
        }

        /** False if it has come. */
        synchronized boolean giveUp() {
            isLate = !came;
            return isLate;
        }

        synchronized @Nullable Throwable failure() {
            return failure;
        }
    }

    private static final class Errand {
        final Parcel parcel;
        final long sinceNanos;
        int failures;
        /** Whether it was tried since the shutdown began; if not, it is once more at once. */
        boolean triedAtEnd;
        /** Of the try under way; null while it waits for the next. */
        @Nullable
        Answer answer;
        /** Why the last try failed. */
        @Nullable
        Throwable failure;
        /** When the try, or the pause before the next, is over. */
        long untilNanos;

        Agenda.Entry alarm = () -> {};

        Errand(Parcel parcel, long sinceNanos) {
            this.parcel = parcel;
            this.sinceNanos = sinceNanos;
        }
    }

    /** Tries until the parcel's fate is known, or nobody waits for it any more; the one before must have ended. */
    void deliver(Parcel parcel) {
        var begun = new Errand(parcel, agenda.nanoTime());
        errand = begun;
        attempt(begun);
    }

    private void attempt(Errand of) {
        of.triedAtEnd = closing;
        CompletableResultCode result;
        try {
            result = of.parcel.attempt();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "the span exporter failed", e);
            told.tell(e);
            arrived(of, new ExportResult(e, false));
            return;
        }
        var answer = new Answer();
        of.answer = answer;
        of.untilNanos = agenda.nanoTime() + timeout.toNanos();
        setAlarm(of);
        result.whenComplete(() -> {
            Throwable failure = failure(result);
            if (answer.bring(failure)) {
                agenda.soon(() -> answered(of, answer));
            } else {
                of.parcel.late(new ExportResult(failure, false));
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

    /** Not beyond the end. */
    private void setAlarm(Errand of) {
        of.alarm.cancel();
        boolean endsBefore = closing && closeByNanos - of.untilNanos < 0;
        of.alarm = agenda.at(endsBefore ? closeByNanos : of.untilNanos, () -> timeIsOver(of));
    }

    private void timeIsOver(Errand of) {
        Answer answer = of.answer;
        if (errand != of) {
            return;
        }
        if (answer == null) {
            tryAgain(of);
        } else if (answer.giveUp()) {
            errand = null;
            told.tell("no answer in time");
            of.parcel.unanswered();
        }
    }

    private void answered(Errand of, Answer answer) {
        of.alarm.cancel();
        of.answer = null;
        of.failures++;
        Throwable failure = answer.failure();
        told.tell(failure);
        if (!(failure instanceof ExportException fault && fault.mayPass())) {
            arrived(of, new ExportResult(failure, false));
            return;
        }
        long now = agenda.nanoTime();
        if (now - of.sinceNanos >= retry.givesWayAfter().toNanos() && of.parcel.givesWay()) {
            arrived(of, new ExportResult(failure, closing));
            return;
        }
        of.failure = failure;
        int failures = of.triedAtEnd ? 1 : of.failures;
        boolean atOnce = closing && !of.triedAtEnd;
        of.untilNanos = atOnce
                ? now
                : now
                        + retry.delay(failures, fault.retryAfter(), agenda.random())
                                .toNanos();
        setAlarm(of);
    }

    private void tryAgain(Errand of) {
        if (closing && agenda.nanoTime() - closeByNanos >= 0) {
            arrived(of, new ExportResult(of.failure, true));
        } else {
            attempt(of);
        }
    }

    private void arrived(Errand of, ExportResult result) {
        errand = null;
        of.parcel.arrived(result);
    }

    /** From now on each batch is tried once more, and again as long as there is time. */
    void close(long byNanoTime) {
        agenda.soon(() -> {
            closing = true;
            closeByNanos = byNanoTime;
            Errand of = errand;
            if (of != null) {
                if (of.answer == null) {
                    of.untilNanos = agenda.nanoTime();
                }
                setAlarm(of);
            }
        });
    }
}
