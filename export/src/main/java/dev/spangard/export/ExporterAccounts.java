// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What became of the spans of one exporter. A service with several exporters has one whose outcomes count as those of
 * the requests: it books in the service's {@link ServiceAccounts} too, so that a request is counted once. Any thread
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
     * The same counts of spans, for those that another service has left in its spool, whose requests are booked there.
     */
    ExporterAccounts of(ServiceAccounts other) {
        return new ExporterAccounts(other, spans);
    }

    /** How many of these requests are to be booked here: all or none. */
    int counted(int requests) {
        return accounts == null ? 0 : requests;
    }

    /** Books requests whose spans are on disk now. */
    void spooled(int requests) {
        if (accounts != null) {
            accounts.spooled(requests);
        }
    }

    /**
     * Books what became of a record that was in the spool, and marks it there: first the accounts take its requests out
     * of the spool, then it is marked, then they end. So a kill in between books nothing twice.
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
        int known = (int) accounts.unspooled(record.requests());
        int unknown = (int) others.unspooledOfOthers(record.requests() - known);
        done.run();
        book(accounts, known, outcome, Math.min(rejected, known));
        book(others, unknown, outcome, Math.min(rejected - Math.min(rejected, known), unknown));
    }

    @Override
    public void starts(int started, int requests) {
        if (accounts != null) {
            accounts.exportStarts(requests);
        }
    }

    /**
     * Books a batch. No collector says which spans it rejected: where not all stand for requests, rather too many are
     * counted.
     */
    @Override
    public void ended(int ended, int requests, ExportOutcome outcome, int rejected) {
        add(ExportOutcome.REJECTED, rejected);
        add(outcome, ended - rejected);
        if (accounts != null) {
            book(accounts, requests, outcome, Math.min(rejected, requests));
        }
    }

    private static void book(ServiceAccounts in, int requests, ExportOutcome outcome, int rejected) {
        int rest = requests - rejected;
        in.drop(DropReason.REJECTED, rejected);
        DropReason reason = outcome.reason();
        if (reason != null) {
            in.drop(reason, rest);
        }
        in.exportEnded(requests, outcome == ExportOutcome.DELIVERED ? rest : 0);
    }

    /** Books nothing: it was {@link #spooled} before anybody could take it out of the spool. */
    @Override
    public void kept(int kept, int requests) {}

    @Override
    public void lost(int lost, int requests, ExportOutcome outcome) {
        add(outcome, lost);
        DropReason reason = outcome.reason();
        if (accounts != null && reason != null) {
            accounts.drop(reason, requests);
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
