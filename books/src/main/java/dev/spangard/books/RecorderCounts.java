// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One recorder's line in the {@link Ledger}: how far its requests, and {@link #spans() beside them} its applications' own
 * spans, are booked in the {@link ServiceAccounts} of its service. Only the thread of the peer that is this recorder
 * writes it.
 */
public final class RecorderCounts extends SignalCounts {
    private static final long ID = 0;

    private final MemorySegment line;
    private final SignalCounts spans;

    /** @param line {@link LedgerFile#LINE_BYTES} bytes: the recorder's, with the counts of requests, and those of spans */
    RecorderCounts(MemorySegment line) {
        super(line.asSlice(0, BYTES));
        this.line = line;
        this.spans = new SignalCounts(line.asSlice(BYTES, BYTES));
    }

    /** The counts of the applications' own spans. */
    public SignalCounts spans() {
        return spans;
    }

    /** Books in either signal what was reported and never read as lost, when nothing more is to come. */
    void settle(ServiceAccounts accounts) {
        super.settle(accounts);
        spans.settle(accounts.spans());
    }

    /** Makes the line one of no recorder. */
    void clear() {
        line.fill((byte) 0);
    }

    /** All counts in one line, for the assertion messages of tests. */
    @Override
    public String toString() {
        return "recorder " + line.get(ValueLayout.JAVA_LONG, ID) + ": " + super.toString() + "; spans " + spans;
    }
}
