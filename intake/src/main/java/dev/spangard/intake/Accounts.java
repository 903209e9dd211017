// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What became of the finished requests of one service. At every instant
 *
 * <pre>seen = exported + measured + queued + dropped, for all reasons together</pre>
 *
 * as {@link #balance} tells it, over any number of restarts and kills of the engine: the counters live in the
 * {@link Ledger}'s file, one atomic store each.
 *
 * <p>Any thread may call any method; none blocks or throws.
 */
public final class Accounts {
    private static final VarHandle COUNTER = ValueLayout.JAVA_LONG.varHandle();

    private static final int SEEN = 0;
    private static final int RECEIVED = 1;
    private static final int MEASURED = 2;
    private static final int EXPORTED = 3;
    private static final int IN_FLIGHT = 4;
    private static final int FIRST_DROPPED = 5;
    static final int COUNTERS = FIRST_DROPPED + DropReason.values().length;

    private final MemorySegment counters;
    private final long[] atOpen = new long[COUNTERS];

    /** @param counters {@value #COUNTERS} longs, aligned */
    Accounts(MemorySegment counters) {
        this.counters = counters;
        for (int i = 0; i < COUNTERS; i++) {
            atOpen[i] = total(i);
        }
    }

    /** Requests that applications finished, as told by their recorders, since this engine started. */
    public long seen() {
        return sinceOpen(SEEN);
    }

    /** Records of finished requests read, since this engine started. */
    public long received() {
        return sinceOpen(RECEIVED);
    }

    /** Of the received: unsampled requests, complete once measured. */
    public long measured() {
        return sinceOpen(MEASURED);
    }

    /** Of the received: spans that an exporter delivered. */
    public long exported() {
        return sinceOpen(EXPORTED);
    }

    /** Of the seen: lost for this reason. Losses of an earlier engine count as this one's, which found them. */
    public long dropped(DropReason reason) {
        return sinceOpen(FIRST_DROPPED + reason.slot());
    }

    /** For all reasons together. */
    public long dropped() {
        long sum = 0;
        for (int i = FIRST_DROPPED; i < COUNTERS; i++) {
            sum += sinceOpen(i);
        }
        return sum;
    }

    /**
     * All counters at one instant, since the ledger began. A request is counted first where it comes from and last where
     * it ends; the counters are read the other way round, so that whatever moves meanwhile is still queued here.
     */
    public Balance balance() {
        long[] dropped = new long[DropReason.values().length];
        for (DropReason reason : DropReason.values()) {
            dropped[reason.slot()] = totalDropped(reason);
        }
        long measured = total(MEASURED);
        long exported = total(EXPORTED);
        long received = total(RECEIVED);
        return new Balance(total(SEEN), received, measured, exported, dropped);
    }

    /** Spans about to be handed to an exporter; {@link #exportEnded} follows, whatever happens. */
    public void exportStarts(int spans) {
        add(IN_FLIGHT, spans);
    }

    /**
     * The exporter's answer to spans told to {@link #exportStarts}: delivered, but for those that are {@link #drop dropped}
     * before this is called.
     */
    public void exportEnded(int spans, int delivered) {
        add(EXPORTED, delivered);
        add(IN_FLIGHT, -spans);
    }

    /** Spans told to {@link #exportStarts} and not answered yet. */
    public long inFlight() {
        return total(IN_FLIGHT);
    }

    /** Finished requests lost. */
    public void drop(DropReason reason, long requests) {
        add(FIRST_DROPPED + reason.slot(), requests);
    }

    void finished(long requests) {
        add(SEEN, requests);
    }

    void receive(long records) {
        add(RECEIVED, records);
    }

    void measure(long records) {
        add(MEASURED, records);
    }

    /** Books what an earlier engine had read and not settled when it ended. Called before any other use. */
    void settle() {
        long lost = Math.max(0, balance().queuedInEngine());
        long unconfirmed = Math.min(lost, Math.max(0, total(IN_FLIGHT)));
        drop(DropReason.UNCONFIRMED, unconfirmed);
        COUNTER.setVolatile(counters, (long) IN_FLIGHT * Long.BYTES, 0L);
        drop(DropReason.ENGINE, lost - unconfirmed);
    }

    private long totalDropped(DropReason reason) {
        return total(FIRST_DROPPED + reason.slot());
    }

    private long sinceOpen(int counter) {
        return total(counter) - atOpen[counter];
    }

    private long total(int counter) {
        return (long) COUNTER.getVolatile(counters, (long) counter * Long.BYTES);
    }

    private void add(int counter, long n) {
        if (n != 0) {
            COUNTER.getAndAdd(counters, (long) counter * Long.BYTES, n);
        }
    }
}
