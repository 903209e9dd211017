// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** Counts the outcomes that a queue reports. */
final class CountedOutcomes implements ExportOutcomeListener {
    private final Map<ExportOutcome, AtomicInteger> spans = Arrays.stream(ExportOutcome.values())
            .collect(Collectors.toMap(outcome -> outcome, outcome -> new AtomicInteger()));
    final AtomicInteger started = new AtomicInteger();
    final AtomicInteger kept = new AtomicInteger();
    /** Of the started: those that stand for a request. */
    final AtomicInteger requests = new AtomicInteger();

    final AtomicInteger requestsLost = new AtomicInteger();

    /** Spans that came to this end. */
    int spans(ExportOutcome outcome) {
        return of(outcome).get();
    }

    /** Started, and neither kept nor ended. */
    int away() {
        return started.get() - kept.get() - spans(ExportOutcome.DELIVERED) - endedOtherwise.get();
    }

    private final AtomicInteger endedOtherwise = new AtomicInteger();

    @Override
    public void starts(int begun, Counts asked) {
        started.addAndGet(begun);
        requests.addAndGet((int) asked.requests());
    }

    @Override
    public void ended(int ended, Counts asked, ExportOutcome outcome, int refused) {
        count(outcome, ended - refused);
        count(ExportOutcome.REJECTED, refused);
        endedOtherwise.addAndGet(outcome == ExportOutcome.DELIVERED ? refused : ended);
    }

    @Override
    public void kept(int spansKept, Counts asked) {
        kept.addAndGet(spansKept);
    }

    @Override
    public void lost(int lost, Counts asked, ExportOutcome outcome) {
        count(outcome, lost);
        requestsLost.addAndGet((int) asked.requests());
    }

    private AtomicInteger of(ExportOutcome outcome) {
        return Objects.requireNonNull(spans.get(outcome));
    }

    private void count(ExportOutcome outcome, int n) {
        of(outcome).addAndGet(n);
    }
}
