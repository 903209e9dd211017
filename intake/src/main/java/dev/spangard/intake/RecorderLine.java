// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * One recorder's line in the {@link Ledger}. Only the thread of the peer that is this recorder writes it; what it has
 * written is there for the next connection, in this engine or the next.
 */
final class RecorderLine {
    private static final VarHandle LONG = java.lang.foreign.ValueLayout.JAVA_LONG.varHandle();
    private static final long ID = 0;
    private static final long READ = 8;
    private static final long SEEN = 16;
    private static final long DROPPED = 24;

    private final MemorySegment slot;

    RecorderLine(MemorySegment slot) {
        this.slot = slot;
    }

    /** Books what a HELLO says: what was written to earlier connections and not read is lost. */
    void returned(Hello hello, Accounts accounts) {
        told(hello.seen(), hello.dropped(), accounts);
        long lost = hello.sent() - get(READ);
        if (lost > 0) {
            set(READ, hello.sent());
            accounts.drop(DropReason.CONNECTION, lost);
        }
    }

    /** Books a recorder's own counts, which only grow; returns whether it had to drop more. */
    boolean told(long seen, long dropped, Accounts accounts) {
        long finished = seen - get(SEEN);
        if (finished > 0) {
            set(SEEN, seen);
            accounts.finished(finished);
        }
        long lost = dropped - get(DROPPED);
        if (lost > 0) {
            set(DROPPED, dropped);
            accounts.drop(DropReason.RECORDER, lost);
        }
        return lost > 0;
    }

    /** Books records read, before anything is made of them. */
    void read(long records, Accounts accounts) {
        set(READ, get(READ) + records);
        accounts.receive(records);
    }

    void clear() {
        slot.fill((byte) 0);
    }

    private long get(long field) {
        return (long) LONG.getVolatile(slot, field);
    }

    private void set(long field, long value) {
        LONG.setVolatile(slot, field, value);
    }

    /** For the assertion messages of tests. */
    @Override
    public String toString() {
        return "recorder " + get(ID) + ": read " + get(READ) + ", seen " + get(SEEN) + ", dropped " + get(DROPPED);
    }
}
