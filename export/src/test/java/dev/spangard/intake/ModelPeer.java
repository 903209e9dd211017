// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.Ledger;
import dev.spangard.books.RecorderCounts;
import dev.spangard.wire.ByteBudget;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import dev.spangard.wire.MarshalWriter;
import java.util.List;
import java.util.Map;

/**
 * A {@link Peer} without its socket and its thread: what a recorder's connection is to the books. Here, where what
 * {@code intake} keeps to itself can be reached, for the books' test, which needs {@code cli} too.
 */
public final class ModelPeer {
    /** What a record of the model's is. */
    public enum Kind {
        SAMPLED,
        UNSAMPLED,
        /** Finished, but its path is an int. */
        MALFORMED,
        /** A sampled request that has not ended. */
        OPEN
    }

    /**
     * A record.
     *
     * @param spanId of the request, not 0
     */
    public record Told(Kind kind, long spanId) {
        public boolean finished() {
            return kind != Kind.OPEN;
        }
    }

    private static final int PREFIX_BYTES = 4;
    private static final byte[] NOTHING = {};

    private final RecorderSession session;
    private final MarshalReader reader = new MarshalReader();

    /** Begins with a HELLO. */
    public ModelPeer(Ledger ledger, RecordedIds ids, Service service, Hello hello, boolean isGuest) {
        RecorderCounts line = ledger.recorder(hello.recorderId(), service.accounts(), isGuest);
        var openRequests = new OpenRequests(50, service.telemetry()::conversation, new ByteBudget(1 << 20));
        var records =
                new RecordReader(service, line, ids.slot(), new IntakeCounters(), openRequests, new OverloadDetector());
        session = new RecorderSession(ledger, hello, line, records, service.accounts());
    }

    /** False if the connection is cut off. */
    public boolean frame(byte[] frame) {
        reader.reset(frame, PREFIX_BYTES, frame.length);
        try {
            session.read(reader);
            return true;
        } catch (MalformedException e) {
            return false;
        }
    }

    public boolean saidGoodbye() {
        return session.saidGoodbye();
    }

    public void end(boolean died) {
        session.end(died, 1_700_000_000_000_000_000L);
    }

    /** As read from the wire; null if it is refused there. */
    public static Hello hello(long recorderId, long sent, long seen, long dropped) {
        byte[] frame = new MarshalWriter()
                .tuple(9)
                .integer(0)
                .integer(Hello.VERSION)
                .integer(recorderId)
                .integer(sent)
                .integer(seen)
                .integer(dropped)
                .none()
                .dict()
                .str("pid")
                .integer(4711)
                .str("instance")
                .str("model")
                .dictEnd()
                .dict()
                .dictEnd()
                .frame();
        var reader = new MarshalReader();
        reader.reset(frame, PREFIX_BYTES, frame.length);
        return Hello.read(reader);
    }

    /** As {@link #hello(long, long, long, long)}, not read from the wire: quicker. */
    public static Hello plainHello(long recorderId, long sent, long seen, long dropped) {
        var process = new Hello.WorkerProcess(1, "i", null, null, null, null, null, null, null, null, null);
        return new Hello(recorderId, sent, seen, dropped, Hello.SpanCounts.NONE, process, Map.of());
    }

    public static byte[] goodbye(long seen, long dropped) {
        return new MarshalWriter()
                .tuple(5)
                .integer(2)
                .integer(seen)
                .integer(dropped)
                .none()
                .integer(1_700_000_000_000_000_000L)
                .frame();
    }

    public static byte[] batch(long seen, long dropped, List<Told> records) {
        MarshalWriter out = new MarshalWriter()
                .tuple(8)
                .integer(1)
                .integer(0)
                .integer(seen)
                .integer(dropped)
                .none()
                .integer(1_700_000_000_000_000_000L)
                .float64(1000.0)
                .list(records.size());
        for (Told record : records) {
            write(record, out);
        }
        return out.frame();
    }

    private static void write(Told record, MarshalWriter out) {
        switch (record.kind) {
            case SAMPLED, OPEN -> request(record, out);
            case UNSAMPLED -> {
                out.tuple(15)
                        .integer(3)
                        .float64(999.0)
                        .float64(999.5)
                        .str("GET")
                        .str("http")
                        .str("1.1");
                out.none().integer(200).integer(0).integer(2).float64(999.1).float64(999.1);
                out.none().none().none();
            }
            case MALFORMED -> {
                out.tuple(12)
                        .integer(1)
                        .float64(999.0)
                        .float64(999.5)
                        .integer(5)
                        .integer(record.spanId)
                        .bytes(NOTHING);
                out.none().str("GET").none().none().none().integer(5);
            }
        }
    }

    private static void request(Told record, MarshalWriter out) {
        boolean finished = record.finished();
        out.tuple(28).integer(finished ? 1 : 5).float64(999.0);
        if (finished) {
            out.float64(999.5);
        } else {
            out.none();
        }
        out.unsigned128(7, record.spanId).integer(record.spanId).bytes(NOTHING).none();
        out.str("GET")
                .str("http")
                .str("1.1")
                .none()
                .str("/")
                .bytes(NOTHING)
                .none()
                .none();
        out.bytes(NOTHING).bytes(NOTHING).bytes(NOTHING).none();
        if (finished) {
            out.str("/").integer(200).none().none().none();
        } else {
            out.none().none().none().none().none();
        }
        out.integer(0).none().none().integer(4711);
    }
}
