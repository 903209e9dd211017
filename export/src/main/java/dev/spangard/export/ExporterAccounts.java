// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.books.SignalAccounts;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What became of the spans of one exporter. A service with several exporters has one whose outcomes count as those of
 * the requests, and of the applications' own spans: it books in the service's {@link ServiceAccounts} too, so that each
 * is counted once. Any thread
 * may call it; it neither waits nor throws.
 */
public final class ExporterAccounts implements ExportOutcomeListener {
    private final @Nullable ServiceAccounts accounts;
    private final Map<ExportOutcome, LongAdder> spans;

    /**
     * Begins empty.
     *
     * @param accounts the service's, if this exporter's outcomes count as those of requests; else null
     */
    public ExporterAccounts(@Nullable ServiceAccounts accounts) {
        this(accounts, new EnumMap<>(ExportOutcome.class));
        for (ExportOutcome outcome : ExportOutcome.values()) {
            spans.put(outcome, new LongAdder());
        }
    }

    private ExporterAccounts(@Nullable ServiceAccounts accounts, Map<ExportOutcome, LongAdder> spans) {
        this.accounts = accounts;
        this.spans = spans;
    }

    /**
     * The same counts of spans, for those that another service has left in its spool, which are booked there.
     */
    ExporterAccounts of(ServiceAccounts other) {
        return new ExporterAccounts(other, spans);
    }

    /** How much of this is to be booked here: all or nothing. */
    Counts counted(Counts counts) {
        return accounts == null ? Counts.NONE : counts;
    }

    /** Books what is on disk now. */
    void spooled(Counts counts) {
        if (accounts != null) {
            accounts.spooled(counts.requests());
            accounts.spans().spooled(counts.spans());
        }
    }

    /**
     * Books what became of a record that was in the spool, and marks it there: first the accounts take it out of the
     * spool, then it is marked, then it ends. So a kill in between books nothing twice.
     *
     * @param others the books of what the accounts do not know of it
     * @param outcome of the spans that were not rejected
     * @param done marks it in the spool
     */
    void unspooled(SpoolRecord record, ServiceAccounts others, ExportOutcome outcome, int rejected, Runnable done) {
        add(ExportOutcome.REJECTED, rejected);
        add(outcome, record.spans() - rejected);
        if (accounts == null) {
            done.run();
            return;
        }
        long requests = record.counts().requests();
        long spans = record.counts().spans();
        long knownRequests = accounts.unspooled(requests);
        long knownSpans = accounts.spans().unspooled(spans);
        long otherRequests = others.unspooledOfOthers(requests - knownRequests);
        long otherSpans = others.spans().unspooledOfOthers(spans - knownSpans);
        done.run();
        long left = rejected - book(accounts, knownRequests, outcome, rejected);
        book(others, otherRequests, outcome, left);
        left = rejected - book(accounts.spans(), knownSpans, outcome, rejected);
        book(others.spans(), otherSpans, outcome, left);
    }

    @Override
    public void starts(int started, Counts counts) {
        if (accounts != null) {
            accounts.exportStarts(counts.requests());
            accounts.spans().exportStarts(counts.spans());
        }
    }

    /**
     * Books a batch. No collector says which spans it rejected: where not all are in the books of one signal, rather too
     * many are counted in each.
     */
    @Override
    public void ended(int ended, Counts counts, ExportOutcome outcome, int rejected) {
        add(ExportOutcome.REJECTED, rejected);
        add(outcome, ended - rejected);
        if (accounts != null) {
            book(accounts, counts.requests(), outcome, rejected);
            book(accounts.spans(), counts.spans(), outcome, rejected);
        }
    }

    /** Books {@code n} of a signal, of which up to {@code rejected} were; returns how many of them are booked so. */
    private static long book(SignalAccounts in, long n, ExportOutcome outcome, long rejected) {
        long refused = Math.min(rejected, n);
        long rest = n - refused;
        in.drop(DropReason.REJECTED, refused);
        DropReason reason = outcome.reason();
        if (reason != null) {
            in.drop(reason, rest);
        }
        in.exportEnded(n, outcome == ExportOutcome.DELIVERED ? rest : 0);
        return refused;
    }

    /** Books nothing: it was {@link #spooled} before anybody could take it out of the spool. */
    @Override
    public void kept(int kept, Counts counts) {}

    @Override
    public void lost(int lost, Counts counts, ExportOutcome outcome) {
        add(outcome, lost);
        DropReason reason = outcome.reason();
        if (accounts != null && reason != null) {
            accounts.drop(reason, counts.requests());
            accounts.spans().drop(reason, counts.spans());
        }
    }

    private void add(ExportOutcome outcome, int n) {
        adder(outcome).add(n);
    }

    /** How many spans had this outcome so far. */
    public long spans(ExportOutcome outcome) {
        return adder(outcome).sum();
    }

    private LongAdder adder(ExportOutcome outcome) {
        return Objects.requireNonNull(spans.get(outcome));
    }
}
