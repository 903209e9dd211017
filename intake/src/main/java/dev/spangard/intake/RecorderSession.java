// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.Ledger;
import dev.spangard.books.RecorderCounts;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.telemetry.Exchange;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;

/**
 * One connection of a recorder from its HELLO to its end, frame by frame, with its line in the {@link Ledger}. No I/O; used
 * by the peer's thread only.
 */
final class RecorderSession {
    private static final int BATCH = 1;
    private static final int GOODBYE = 2;
    private static final int GOODBYE_FIELDS = 5;

    private final Ledger ledger;
    private final long recorderId;
    private final RecorderCounts line;
    private final RecordReader records;
    private final ServiceAccounts accounts;
    private boolean saidGoodbye;

    /**
     * Begins the session and books what the HELLO says. {@link #end} follows.
     *
     * @param records of the same line
     */
    RecorderSession(Ledger ledger, Hello hello, RecorderCounts line, RecordReader records, ServiceAccounts accounts) {
        this.ledger = ledger;
        this.recorderId = hello.recorderId();
        this.line = line;
        this.records = records;
        this.accounts = accounts;
        line.returned(hello.sent(), hello.seen(), hello.dropped(), accounts);
        Hello.SpanCounts spans = hello.spans();
        line.spans().returned(spans.sent(), spans.seen(), spans.dropped(), accounts.spans());
    }

    /**
     * Reads one frame.
     *
     * @throws MalformedException if it is none that belongs here; what was read of it before counts
     */
    void read(MarshalReader reader) {
        int fields = reader.tuple();
        if (fields == 0) {
            throw reader.malformed("an empty frame");
        }
        int kind = reader.int32();
        switch (kind) {
            case BATCH -> records.batch(fields, reader);
            case GOODBYE -> {
                if (fields != GOODBYE_FIELDS) {
                    throw reader.malformed("GOODBYE of " + fields + " fields, not " + GOODBYE_FIELDS);
                }
                line.bookReported(reader.int64(), reader.int64(), accounts);
                records.bookSpansReported(reader);
                records.workerEnded(Exchange.WORKER_EXITED, reader.int64());
                saidGoodbye = true;
            }
            default -> throw reader.malformed("frame of kind " + kind);
        }
    }

    /** Whether the recorder has said that nothing more is to come. */
    boolean saidGoodbye() {
        return saidGoodbye;
    }

    /**
     * Ends the session: nothing more comes by this connection.
     *
     * @param died whether its process is gone
     * @param epochNanos when
     */
    void end(boolean died, long epochNanos) {
        try {
            if (died) {
                records.workerEnded(Exchange.WORKER_DIED, epochNanos);
            } else {
                records.left();
            }
        } finally {
            if (saidGoodbye) {
                ledger.forget(recorderId, line, accounts);
            } else {
                ledger.release(recorderId, line, accounts);
            }
        }
    }
}
