// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.Exchange;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;

/** What a recorder says after its HELLO, frame by frame. No I/O; used by the peer's thread only. */
final class RecorderSession {
    private static final int BATCH = 1;
    private static final int GOODBYE = 2;
    private static final int GOODBYE_FIELDS = 4;

    private final RecorderLine line;
    private final RecordReader records;
    private final Accounts accounts;
    private boolean saidGoodbye;

    RecorderSession(RecorderLine line, RecordReader records, Accounts accounts) {
        this.line = line;
        this.records = records;
        this.accounts = accounts;
    }

    /**
     * Reads one frame.
     *
     * @throws MalformedException if it is none that belongs here; what was read of it before counts
     */
    void frame(MarshalReader reader) {
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
                line.told(reader.int64(), reader.int64(), accounts);
                records.workerEnded(Exchange.WORKER_EXITED, reader.int64());
                saidGoodbye = true;
            }
            default -> throw reader.malformed("frame of kind " + kind);
        }
    }

    /** Whether nothing more is to come. */
    boolean saidGoodbye() {
        return saidGoodbye;
    }
}
