// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.export.ExportBooks.Outcome;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** Counts what a queue tells it. */
final class FakeTally implements SpanTally {
    private final Map<Outcome, AtomicInteger> spans = Arrays.stream(Outcome.values())
            .collect(Collectors.toMap(outcome -> outcome, outcome -> new AtomicInteger()));
    final AtomicInteger started = new AtomicInteger();
    final AtomicInteger kept = new AtomicInteger();
    /** Of the started: those that stand for a request. */
    final AtomicInteger requests = new AtomicInteger();

    final AtomicInteger requestsLost = new AtomicInteger();

    /** Spans that came to this end. */
    int spans(Outcome outcome) {
        return of(outcome).get();
    }

    /** Started, and neither kept nor ended. */
    int away() {
        return started.get() - kept.get() - spans(Outcome.DELIVERED) - endedOtherwise.get();
    }

    private final AtomicInteger endedOtherwise = new AtomicInteger();

    @Override
    public void starts(int begun, int asked) {
        started.addAndGet(begun);
        requests.addAndGet(asked);
    }

    @Override
    public void ended(int ended, int asked, Outcome outcome, int refused) {
        count(outcome, ended - refused);
        count(Outcome.REJECTED, refused);
        endedOtherwise.addAndGet(outcome == Outcome.DELIVERED ? refused : ended);
    }

    @Override
    public void kept(int spansKept, int asked) {
        kept.addAndGet(spansKept);
    }

    @Override
    public void lost(int lost, int asked, Outcome outcome) {
        count(outcome, lost);
        requestsLost.addAndGet(asked);
    }

    private AtomicInteger of(Outcome outcome) {
        return Objects.requireNonNull(spans.get(outcome));
    }

    private void count(Outcome outcome, int n) {
        of(outcome).addAndGet(n);
    }
}
