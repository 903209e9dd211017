// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.lang.foreign.MemorySegment;

/**
 * What became of the finished requests of one service, and {@link #spans() beside them} of the spans that its
 * applications made by OpenTelemetry's API. Any thread may call any method; none blocks or throws.
 */
public final class ServiceAccounts extends SignalAccounts {
    /** The instrumentation scope of the metrics that show the books. */
    public static final String INSTRUMENTATION_SCOPE = "spangard.engine";

    /** How many bytes the counters of both have. */
    static final long ALL_BYTES = 2 * BYTES;

    private final long service;
    private final SignalAccounts spans;

    /**
     * Continues what the counters say.
     *
     * @param service a hash of its key, as the ledger has it
     * @param counters {@value #ALL_BYTES} bytes, aligned: those of requests, then those of spans
     */
    ServiceAccounts(long service, MemorySegment counters) {
        super(counters.asSlice(0, BYTES));
        this.service = service;
        this.spans = new SignalAccounts(counters.asSlice(BYTES, BYTES));
    }

    /** A hash of the service's key. */
    long service() {
        return service;
    }

    /** The accounts of the applications' own spans, of which none is ever measured only. */
    public SignalAccounts spans() {
        return spans;
    }

    /** What was read, and nothing has become of it yet. */
    Counts queuedInEngine() {
        return new Counts(
                Math.max(0, balance().queuedInEngine()),
                Math.max(0, spans.balance().queuedInEngine()));
    }

    /** Books of either signal, as {@link SignalAccounts#settle}, what was read and not settled by an earlier engine. */
    void settle(Counts inSpool) {
        settle(inSpool.requests());
        spans.settle(inSpool.spans());
    }

    /** Takes over, as {@link SignalAccounts#absorb}, all that the books of a service say that is forgotten. */
    void absorb(ServiceAccounts other) {
        super.absorb(other);
        spans.absorb(other.spans);
    }
}
