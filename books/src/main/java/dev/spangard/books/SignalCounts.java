// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * How far what one recorder tells of in one signal, its requests or its applications' own spans, is booked in the
 * {@link SignalAccounts} of its service. Either is called a request here. It is a part of a line in the {@link Ledger}. Only the thread of the peer that is this recorder writes it; what it has written is there for the next
 * connection, in this engine or the next.
 *
 * <p>Whatever a recorder says, {@code read + dropped ≤ seen}, and none of them falls: what it reports beyond that is
 * not believed, and what is read beyond it was finished. So no line takes anything from the sums of others. Nothing
 * here throws.
 */
public sealed class SignalCounts permits RecorderCounts {
    /** How many bytes of the line it takes. */
    static final long BYTES = 64;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    /** How many finished requests were read, or are known to be lost on their way. */
    private static final long READ = 8;

    private static final long SEEN = 16;
    private static final long DROPPED = 24;

    private final MemorySegment slot;

    SignalCounts(MemorySegment slot) {
        this.slot = slot;
    }

    /**
     * Books what a HELLO says: what was written to earlier connections and not read is lost.
     *
     * @param sent how many finished requests were written to earlier connections
     * @param seen how many requests were finished, however they ended
     * @param dropped for how many of them the recorder had no room
     */
    public void returned(long sent, long seen, long dropped, SignalAccounts accounts) {
        bookReported(seen, dropped, accounts);
        lost(sent - get(READ), accounts);
    }

    /**
     * Books a recorder's own counts, which only grow.
     *
     * @param seen how many requests were finished
     * @param dropped for how many of them the recorder had no room
     * @return whether it had to drop more
     */
    public boolean bookReported(long seen, long dropped, SignalAccounts accounts) {
        long finished = seen - get(SEEN);
        if (finished > 0) {
            set(SEEN, get(SEEN) + accounts.finishedAsReported(finished));
        }
        long lost = Math.min(dropped - get(DROPPED), unread());
        if (lost > 0) {
            set(DROPPED, get(DROPPED) + lost);
            accounts.drop(DropReason.RECORDER, lost);
        }
        return lost > 0;
    }

    /** Books records read, before anything is made of them. */
    public void bookRead(long records, SignalAccounts accounts) {
        long untold = records - unread();
        if (untold > 0) {
            accounts.finished(untold);
            set(SEEN, get(SEEN) + untold);
        }
        set(READ, get(READ) + records);
        accounts.receive(records);
    }

    /** Books what was reported and never read as lost, when nothing more is to come. */
    void settle(SignalAccounts accounts) {
        lost(unread(), accounts);
    }

    private void lost(long requests, SignalAccounts accounts) {
        long lost = Math.min(requests, unread());
        if (lost > 0) {
            set(READ, get(READ) + lost);
            accounts.drop(DropReason.CONNECTION, lost);
        }
    }

    /** How many were reported, and neither read nor lost yet. */
    private long unread() {
        return get(SEEN) - get(READ) - get(DROPPED);
    }

    private long get(long field) {
        return (long) LONG.getVolatile(slot, field);
    }

    private void set(long field, long value) {
        LONG.setVolatile(slot, field, value);
    }

    /** All counts, for the assertion messages of tests. */
    @Override
    public String toString() {
        return "read " + get(READ) + ", seen " + get(SEEN) + ", dropped " + get(DROPPED);
    }
}
