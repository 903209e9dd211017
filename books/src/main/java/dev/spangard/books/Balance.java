// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

/**
 * The {@link ServiceAccounts} of one service at one instant: {@code seen = measured + exported + queued + dropped},
 * exactly.
 *
 * <p>What is queued is no counter but what the others leave over: a request is in the recorder or its connection when
 * it was reported and not read, and in the engine when it was read and nothing has become of it yet. Immutable.
 */
public final class Balance {
    private final long seen;
    private final long received;
    private final long measured;
    private final long exported;
    private final long[] dropped;

    Balance(long seen, long received, long measured, long exported, long[] dropped) {
        this.seen = seen;
        this.received = received;
        this.measured = measured;
        this.exported = exported;
        this.dropped = dropped.clone();
    }

    /** How many requests applications finished, as their recorders report. */
    public long seen() {
        return seen;
    }

    /** How many records of finished requests were read. */
    public long received() {
        return received;
    }

    /** How many of the received were unsampled requests, which are complete once measured. */
    public long measured() {
        return measured;
    }

    /** How many of the received an exporter delivered as spans. */
    public long exported() {
        return exported;
    }

    /** How many of the seen were lost for this reason. */
    public long dropped(DropReason reason) {
        return dropped[reason.slot()];
    }

    /** How many of the seen were lost, for all reasons together. */
    public long dropped() {
        long sum = 0;
        for (long reason : dropped) {
            sum += reason;
        }
        return sum;
    }

    /** How many recorders reported that are not read yet: they are in their buffers, or in a socket. */
    public long queuedAtRecorders() {
        return seen - received - lostBeforeRead();
    }

    /**
     * How many were read, and neither measured, exported nor dropped yet: they are being made, wait for an exporter, or
     * are at it.
     */
    public long queuedInEngine() {
        return received - measured - exported - (dropped() - lostBeforeRead());
    }

    private long lostBeforeRead() {
        return dropped(DropReason.RECORDER) + dropped(DropReason.CONNECTION);
    }

    /** All counts in one line, for the assertion messages of tests. */
    @Override
    public String toString() {
        return "seen " + seen + " = measured " + measured + " + exported " + exported + " + queued at recorders "
                + queuedAtRecorders() + " + queued in engine " + queuedInEngine() + " + dropped " + dropped();
    }
}
