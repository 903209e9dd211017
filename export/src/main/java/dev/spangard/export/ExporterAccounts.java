// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What became of the spans of one exporter. A service with several exporters has one whose fate counts as that of the
 * request: its books are kept in the service's {@link ServiceAccounts} too, so that a request is counted once.
 */
public final class ExporterAccounts implements SpanOutcomeListener {
    /** What becomes of a span. */
    public enum SpanFate {
        DELIVERED(null),
        FAILED(DropReason.EXPORT),
        REJECTED(DropReason.REJECTED),
        QUEUE_FULL(DropReason.QUEUE),
        SHUTDOWN(DropReason.SHUTDOWN),
        /** No answer came while anybody waited for it. */
        UNCONFIRMED(DropReason.UNCONFIRMED),
        /** It was in a spool that is damaged. */
        CORRUPT(DropReason.SPOOL);

        private final @Nullable DropReason reason;

        SpanFate(@Nullable DropReason reason) {
            this.reason = reason;
        }

        /** As it appears in the {@code outcome} attribute of metrics. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final @Nullable ServiceAccounts accounts;
    private final Map<SpanFate, LongAdder> spans;

    /**
     * Begins empty.
     *
     * @param accounts of the service, if this exporter's fate counts as that of a request
     */
    public ExporterAccounts(@Nullable ServiceAccounts accounts) {
        this(accounts, new EnumMap<>(SpanFate.class));
        for (SpanFate outcome : SpanFate.values()) {
            spans.put(outcome, new LongAdder());
        }
    }

    private ExporterAccounts(@Nullable ServiceAccounts accounts, Map<SpanFate, LongAdder> spans) {
        this.accounts = accounts;
        this.spans = spans;
    }

    /** This exporter's, of spans that another service has left in its spool. */
    ExporterAccounts of(ServiceAccounts other) {
        return new ExporterAccounts(other, spans);
    }

    /** Of these requests, those that are to be booked here. */
    int counted(int requests) {
        return accounts == null ? 0 : requests;
    }

    /** Requests whose spans are on disk now. */
    void spooled(int requests) {
        if (accounts != null) {
            accounts.spooled(requests);
        }
    }

    /**
     * A record is done with that was in the spool.
     *
     * @param others books of what the accounts do not know of it
     * @param outcome of those that were not rejected
     * @param done marks it in the spool
     */
    void unspooled(SpoolRecord record, ServiceAccounts others, SpanFate outcome, int rejected, Runnable done) {
        add(SpanFate.REJECTED, rejected);
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

    /** Which of a batch were rejected no collector says: where not all stand for requests, rather too many are counted. */
    @Override
    public void ended(int ended, int requests, SpanFate outcome, int rejected) {
        add(SpanFate.REJECTED, rejected);
        add(outcome, ended - rejected);
        if (accounts != null) {
            book(accounts, requests, outcome, Math.min(rejected, requests));
        }
    }

    private static void book(ServiceAccounts in, int requests, SpanFate outcome, int rejected) {
        int rest = requests - rejected;
        in.drop(DropReason.REJECTED, rejected);
        if (outcome.reason != null) {
            in.drop(outcome.reason, rest);
        }
        in.exportEnded(requests, outcome == SpanFate.DELIVERED ? rest : 0);
    }

    @Override
    public void kept(int kept, int requests) {
        if (accounts != null) {
            accounts.exportEnded(requests, 0);
        }
    }

    @Override
    public void lost(int lost, int requests, SpanFate outcome) {
        add(outcome, lost);
        if (accounts != null && outcome.reason != null) {
            accounts.drop(outcome.reason, requests);
        }
    }

    private void add(SpanFate outcome, int n) {
        adder(outcome).add(n);
    }

    /** Spans with this outcome so far. */
    public long spans(SpanFate outcome) {
        return adder(outcome).sum();
    }

    private LongAdder adder(SpanFate outcome) {
        return Objects.requireNonNull(spans.get(outcome));
    }
}
