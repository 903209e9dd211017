// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.cli.ExportBooks.Outcome;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts what a queue tells it. */
final class FakeTally implements SpanTally {
    final AtomicInteger started = new AtomicInteger();
    final AtomicInteger delivered = new AtomicInteger();
    final AtomicInteger failed = new AtomicInteger();
    final AtomicInteger overflowed = new AtomicInteger();
    final AtomicInteger abandoned = new AtomicInteger();
    final AtomicInteger rejected = new AtomicInteger();
    volatile Outcome lastOutcome = Outcome.DELIVERED;
    /** Of the started: those that stand for a request. */
    final AtomicInteger requests = new AtomicInteger();

    final AtomicInteger requestsLost = new AtomicInteger();
    private final Semaphore answered = new Semaphore(0);

    /** Waits for answers about this many spans more. */
    void awaitAnswers(int spans) throws InterruptedException {
        assertThat(answered.tryAcquire(spans, 20, TimeUnit.SECONDS))
                .as("answers within 20 s")
                .isTrue();
    }

    @Override
    public void starts(int spans, int asked) {
        started.addAndGet(spans);
        requests.addAndGet(asked);
    }

    @Override
    public void ended(int spans, int asked, Outcome outcome, int refused) {
        (outcome == Outcome.DELIVERED ? delivered : failed).addAndGet(spans - refused);
        rejected.addAndGet(refused);
        lastOutcome = outcome;
        answered.release(spans);
    }

    @Override
    public void lost(int spans, int asked, Outcome outcome) {
        (outcome == Outcome.QUEUE_FULL ? overflowed : abandoned).addAndGet(spans);
        lastOutcome = outcome;
        requestsLost.addAndGet(asked);
    }
}
