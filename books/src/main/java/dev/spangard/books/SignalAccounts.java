// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What became of what one service's recorders tell of, in one signal: of finished requests, or of spans that the
 * applications made themselves. Either is called a request here. At every instant
 *
 * <pre>seen = exported + measured + queued + dropped, for all reasons together</pre>
 *
 * as {@link #balance} says, over any number of restarts and kills of the engine: the counters live in the
 * {@link Ledger}'s file, one atomic store each.
 *
 * <p>Any thread may call any method; none blocks or throws.
 */
public sealed class SignalAccounts permits ServiceAccounts {
    private static final VarHandle COUNTER = ValueLayout.JAVA_LONG.varHandle();

    private static final int SEEN = 0;
    private static final int RECEIVED = 1;
    private static final int MEASURED = 2;
    private static final int EXPORTED = 3;
    private static final int IN_FLIGHT = 4;
    private static final int FIRST_DROPPED = 5;
    /** The last counter of a slot of the ledger, so that there is room for reasons. */
    private static final int SPOOLED = 29;

    private static final int COUNTERS = SPOOLED + 1;
    /** How many bytes the counters have. */
    static final long BYTES = COUNTERS * (long) Long.BYTES;

    /**
     * How many seen requests are believed that were only reported: nobody has so many, and no hostile recorder
     * overflows a sum.
     */
    static final long MOST = 1L << 60;

    private final MemorySegment counters;
    /**
     * How many requests are in the spool that these books do not know, or have given up: they come out of it before any
     * other.
     */
    private final AtomicLong unknownSpooled = new AtomicLong();

    private final long[] atOpen = new long[COUNTERS];

    /**
     * Continues what the counters say.
     *
     * @param counters {@value #COUNTERS} longs, aligned
     */
    SignalAccounts(MemorySegment counters) {
        this.counters = counters;
        for (int i = 0; i < COUNTERS; i++) {
            atOpen[i] = total(i);
        }
    }

    /** How many requests applications finished since this engine started, as their recorders report. */
    public long seen() {
        return sinceOpen(SEEN);
    }

    /** How many records of finished requests were read since this engine started. */
    public long received() {
        return sinceOpen(RECEIVED);
    }

    /** How many of the received were unsampled requests, which are complete once measured. */
    public long measured() {
        return sinceOpen(MEASURED);
    }

    /** How many of the received an exporter delivered as spans. */
    public long exported() {
        return sinceOpen(EXPORTED);
    }

    /**
     * How many of the seen were lost for this reason. Losses of an earlier engine count as this one's, which found
     * them.
     */
    public long dropped(DropReason reason) {
        return sinceOpen(FIRST_DROPPED + reason.slot());
    }

    /** How many of the seen were lost, for all reasons together. */
    public long dropped() {
        long sum = 0;
        for (DropReason reason : DropReason.values()) {
            sum += dropped(reason);
        }
        return sum;
    }

    /**
     * Reads all counters at one instant, since the ledger began. A request is counted first where it comes from and
     * last where it ends; the counters are read the other way round, so that whatever moves meanwhile is still queued
     * here.
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

    /** Books spans that are about to be handed to an exporter; {@link #exportEnded} or {@link #spooled} follows. */
    public void exportStarts(long spans) {
        add(IN_FLIGHT, spans);
    }

    /**
     * Books the exporter's answer to spans of {@link #exportStarts}: those it delivered. The others are
     * {@link #drop dropped} before this is called.
     */
    public void exportEnded(long spans, long delivered) {
        add(EXPORTED, delivered);
        add(IN_FLIGHT, -spans);
    }

    /**
     * Books requests of {@link #exportStarts} whose spans have been written to a spool, in place of {@link #exportEnded}:
     * still queued, and so they are when this engine is killed.
     */
    public void spooled(long requests) {
        add(SPOOLED, requests);
        add(IN_FLIGHT, -requests);
    }

    /**
     * Books requests whose spans are about to be taken out of the spool; {@link #exportEnded} follows with what this
     * returns. A kill in between leaves them {@link DropReason#UNCONFIRMED}, or in the spool.
     *
     * @return how many of them are queued in these books: fewer where the ledger was lost, or an engine ran without the
     *     spool and booked them as {@link DropReason#SPOOL}
     */
    public long unspooled(long requests) {
        long known = requests - Math.min(requests, unknownSpooled.getAndUpdate(n -> n - Math.min(n, requests)));
        add(IN_FLIGHT, known);
        add(SPOOLED, -known);
        return known;
    }

    /**
     * Books as {@link #unspooled}, in the books of forgotten services: what any of them has in the spool.
     *
     * @return how many are queued in these books
     */
    public final synchronized long unspooledOfOthers(long requests) {
        long known = Math.clamp(total(SPOOLED), 0, requests);
        add(IN_FLIGHT, known);
        add(SPOOLED, -known);
        return known;
    }

    /** How many spans of {@link #exportStarts} are not answered yet. */
    public long inFlight() {
        return total(IN_FLIGHT);
    }

    /** Books finished requests that are lost. */
    public void drop(DropReason reason, long requests) {
        add(FIRST_DROPPED + reason.slot(), requests);
    }

    /** Books requests that an application finished. */
    public void finished(long requests) {
        add(SEEN, requests);
    }

    /**
     * Books as {@link #finished} what somebody only reports.
     *
     * @return how many of them there is room for: all, unless nonsense was reported
     */
    long finishedAsReported(long requests) {
        long counted = Math.clamp(MOST - total(SEEN), 0, requests);
        finished(counted);
        return counted;
    }

    /** Books records of finished requests that were read. */
    public void receive(long records) {
        add(RECEIVED, records);
    }

    /** Books records that are complete once measured. */
    public void measure(long records) {
        add(MEASURED, records);
    }

    /**
     * Books what was read and not settled by those who used these books before, an earlier engine mostly. Called before
     * any other use.
     *
     * @param inSpool how many requests the spool has, which stay queued
     * @return how many of these the books know
     */
    long settle(long inSpool) {
        long queued = Math.max(0, balance().queuedInEngine());
        long kept = Math.min(inSpool, queued);
        unknownSpooled.set(inSpool - kept);
        long lost = queued - kept;
        long corrupt = Math.clamp(total(SPOOLED) - kept, 0, lost);
        set(SPOOLED, kept);
        drop(DropReason.SPOOL, corrupt);
        long unconfirmed = Math.clamp(total(IN_FLIGHT), 0, lost - corrupt);
        set(IN_FLIGHT, 0);
        drop(DropReason.UNCONFIRMED, unconfirmed);
        drop(DropReason.ENGINE, lost - corrupt - unconfirmed);
        return kept;
    }

    /** Books what was reported and not read as lost in a connection, where no recorder's line tells of it any more. */
    void settleReported() {
        drop(DropReason.CONNECTION, Math.max(0, balance().queuedAtRecorders()));
    }

    /**
     * Takes over all that the books of a service say that is forgotten, in the reverse of the order in which
     * {@link #balance} reads, so that nothing is missing from these meanwhile.
     *
     * @param other settled, and used by nobody any more
     */
    void absorb(SignalAccounts other) {
        add(SEEN, other.total(SEEN));
        add(RECEIVED, other.total(RECEIVED));
        add(SPOOLED, other.total(SPOOLED));
        add(EXPORTED, other.total(EXPORTED));
        add(MEASURED, other.total(MEASURED));
        for (DropReason reason : DropReason.values()) {
            drop(reason, other.totalDropped(reason));
        }
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

    private void set(int counter, long n) {
        COUNTER.setVolatile(counters, (long) counter * Long.BYTES, n);
    }

    private void add(int counter, long n) {
        if (n != 0) {
            COUNTER.getAndAdd(counters, (long) counter * Long.BYTES, n);
        }
    }
}
