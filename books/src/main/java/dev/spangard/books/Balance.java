// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

/**
 * The {@link ServiceAccounts} of one service at one instant: {@code seen = measured + exported + queued + dropped}, exactly.
 *
 * <p>What is queued is no counter but what the others leave over: a request is in the recorder or its connection when it
 * was told and not read, and in the engine when it was read and nothing has become of it yet.
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

    /** Requests that applications finished, as told by their recorders. */
    public long seen() {
        return seen;
    }

    /** Records of finished requests read. */
    public long received() {
        return received;
    }

    /** Of the received: unsampled requests, complete once measured. */
    public long measured() {
        return measured;
    }

    /** Of the received: spans that an exporter delivered. */
    public long exported() {
        return exported;
    }

    /** Of the seen: lost for this reason. */
    public long dropped(DropReason reason) {
        return dropped[reason.slot()];
    }

    /** For all reasons together. */
    public long dropped() {
        long sum = 0;
        for (long reason : dropped) {
            sum += reason;
        }
        return sum;
    }

    /** Told by recorders, not read yet: in their buffers, or in a socket. */
    public long queuedAtRecorders() {
        return seen - received - lostBeforeRead();
    }

    /** Read, and neither measured, exported nor dropped yet: being made, waiting for an exporter, or at it. */
    public long queuedInEngine() {
        return received - measured - exported - (dropped() - lostBeforeRead());
    }

    private long lostBeforeRead() {
        return dropped(DropReason.RECORDER) + dropped(DropReason.CONNECTION);
    }

    /** For the assertion messages of tests. */
    @Override
    public String toString() {
        return "seen " + seen + " = measured " + measured + " + exported " + exported + " + queued at recorders "
                + queuedAtRecorders() + " + queued in engine " + queuedInEngine() + " + dropped " + dropped();
    }
}
