// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.export.ExporterAccounts.SpanFate;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** Counts what a queue tells it. */
final class FakeSpanOutcomeListener implements SpanOutcomeListener {
    private final Map<SpanFate, AtomicInteger> spans = Arrays.stream(SpanFate.values())
            .collect(Collectors.toMap(outcome -> outcome, outcome -> new AtomicInteger()));
    final AtomicInteger started = new AtomicInteger();
    final AtomicInteger kept = new AtomicInteger();
    /** Of the started: those that stand for a request. */
    final AtomicInteger requests = new AtomicInteger();

    final AtomicInteger requestsLost = new AtomicInteger();

    /** Spans that came to this end. */
    int spans(SpanFate outcome) {
        return of(outcome).get();
    }

    /** Started, and neither kept nor ended. */
    int away() {
        return started.get() - kept.get() - spans(SpanFate.DELIVERED) - endedOtherwise.get();
    }

    private final AtomicInteger endedOtherwise = new AtomicInteger();

    @Override
    public void starts(int begun, int asked) {
        started.addAndGet(begun);
        requests.addAndGet(asked);
    }

    @Override
    public void ended(int ended, int asked, SpanFate outcome, int refused) {
        count(outcome, ended - refused);
        count(SpanFate.REJECTED, refused);
        endedOtherwise.addAndGet(outcome == SpanFate.DELIVERED ? refused : ended);
    }

    @Override
    public void kept(int spansKept, int asked) {
        kept.addAndGet(spansKept);
    }

    @Override
    public void lost(int lost, int asked, SpanFate outcome) {
        count(outcome, lost);
        requestsLost.addAndGet(asked);
    }

    private AtomicInteger of(SpanFate outcome) {
        return Objects.requireNonNull(spans.get(outcome));
    }

    private void count(SpanFate outcome, int n) {
        of(outcome).addAndGet(n);
    }
}
