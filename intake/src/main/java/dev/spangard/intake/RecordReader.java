// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.DropReason;
import dev.spangard.books.RecorderCounts;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.books.SignalAccounts;
import dev.spangard.telemetry.Exchange;
import dev.spangard.telemetry.Request;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.Attributes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Reads the batches of one recorder and replays each record through an {@link Exchange} with its own times and ids.
 *
 * <p>A record that is not as docs/wire-protocol.md says, or that nothing can be made of for a fault of the engine's
 * own, costs itself only: it is counted and passed over. Used by the peer's thread only.
 */
final class RecordReader {
    private static final Logger LOG = System.getLogger(RecordReader.class.getName());

    /** The most records of one batch. */
    static final int MAX_RECORDS = 256;

    private static final int BATCH_FIELDS = 8;
    private static final int MEASURED_WITH = 17;
    private static final int MEASURED_WITH_FIELDS = 3;
    private static final int LOST = 18;
    private static final int LOST_FIELDS = 2;
    /** The most attributes of an application's own on the measurements of one request. */
    static final int MAX_MEASURED_WITH = 16;

    private final ServiceAccounts accounts;
    private final RecorderCounts counts;
    private final IntakeCounters counters;
    private final OpenRequests openRequests;
    private final OverloadDetector overload;
    private final SampledRecordReader sampled;
    private final UnsampledRecordReader unsampled;
    private final UpstreamRecordReader upstream;
    private final ApiSpanRecords apiSpans;
    /** The attributes that the record at hand is to be measured with. */
    private Attributes measuredWith = Attributes.empty();

    /**
     * Makes the reader of one connection.
     *
     * @param ids of the peer's thread
     * @param openRequests where this recorder's running requests are remembered
     * @param overload decides whether there is time for spans
     */
    RecordReader(
            Service service,
            RecorderCounts counts,
            RecordedIds.Slot ids,
            IntakeCounters counters,
            OpenRequests openRequests,
            OverloadDetector overload) {
        this.accounts = service.accounts();
        this.counts = counts;
        this.counters = counters;
        this.openRequests = openRequests;
        this.overload = overload;
        this.sampled = new SampledRecordReader(service, ids, counters, openRequests);
        this.unsampled = new UnsampledRecordReader(service, openRequests);
        this.upstream = new UpstreamRecordReader(service, ids, openRequests);
        this.apiSpans = new ApiSpanRecords(service, openRequests.spans());
    }

    /**
     * Reads the rest of a BATCH, its kind already read.
     *
     * @throws MalformedException if the frame can not be read to its end; records before that point have been read
     */
    void batch(int fields, MarshalReader in) {
        if (fields != BATCH_FIELDS) {
            throw in.malformed("BATCH of " + fields + " fields, not " + BATCH_FIELDS);
        }
        in.int64(); // seq: accounts are kept by seen and dropped
        if (counts.bookReported(in.int64(), in.int64(), accounts)) {
            overload.dropped();
        }
        bookSpansReported(in);
        BatchClock clock = BatchClock.read(in);
        int records = in.list();
        if (records > MAX_RECORDS) {
            throw in.malformed("batch of " + records + " records, allowed are " + MAX_RECORDS);
        }
        boolean tooLarge = in.remaining() > Limits.RECORD;
        for (int i = 0; i < records; i++) {
            record(in, clock, tooLarge);
        }
    }

    /** Reads and books the counts of spans; None of a process that made none. */
    void bookSpansReported(MarshalReader in) {
        if (in.nextIsNone()) {
            return;
        }
        Fields.begin(in, 2);
        if (counts.spans().bookReported(in.int64(), in.int64(), accounts.spans())) {
            overload.dropped();
        }
    }

    /**
     * Ends all running requests and spans: the recorder's process is gone, and what it was doing will not come any more.
     *
     * @param errorType {@link Exchange#WORKER_DIED}, or {@link Exchange#WORKER_EXITED} after a goodbye
     * @param epochNanos when
     */
    void workerEnded(String errorType, long epochNanos) {
        apiSpans.workerEnded(errorType, epochNanos);
        openRequests.drain(running -> {
            accounts.finished(1);
            accounts.receive(1);
            boolean isBooked = false;
            try {
                switch (running) {
                    case OpenRequests.OpenStable open -> sampled.workerEnded(open, errorType, epochNanos);
                    case OpenRequests.OpenUpstream open -> upstream.workerEnded(open, errorType, epochNanos);
                }
                isBooked = true;
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "a request of a process that is gone could not be made into telemetry", e);
            } finally {
                if (!isBooked) {
                    accounts.drop(DropReason.MALFORMED, 1);
                }
            }
        });
    }

    /** Forgets all that runs: the recorder may go on elsewhere, and nothing is running here any more. */
    void left() {
        apiSpans.left();
        openRequests.drain(OpenRequests.OpenRequest::deactivate);
    }

    /**
     * Reads one record.
     *
     * @param mayBeTooLarge whether the record's size has to be looked at
     */
    private void record(MarshalReader in, BatchClock clock, boolean mayBeTooLarge) {
        int from = in.position();
        SignalAccounts read = null;
        boolean isBooked = false;
        try {
            int fields = in.sequence();
            int kind = in.int32();
            if (isFinished(kind)) {
                read = accounts;
                counts.bookRead(1, accounts);
            } else if (ApiSpanRecords.isEnded(kind)) {
                read = accounts.spans();
                counts.spans().bookRead(1, accounts.spans());
            }
            if (mayBeTooLarge) {
                checkSize(from, in);
            }
            if (kind == MEASURED_WITH) {
                Fields.expect(in, MEASURED_WITH_FIELDS, fields);
                measuredWith = measuredWith(in);
                fields = in.sequence();
                kind = in.int32();
                if (!isFinished(kind) || kind >= MEASURED_WITH) {
                    throw in.malformed("record of kind " + kind + " in one of kind " + MEASURED_WITH);
                }
            }
            readByKind(kind, fields, from, in, clock);
            isBooked = true;
        } catch (MalformedException e) {
            counters.malformedRecords.increment();
        } catch (RuntimeException e) {
            counters.malformedRecords.increment();
            counters.failedRecords.increment();
            LOG.log(Level.ERROR, "a record could not be made into telemetry", e);
        } finally {
            measuredWith = Attributes.empty();
            if (!isBooked && read != null) {
                read.drop(DropReason.MALFORMED, 1);
            }
        }
        if (!isBooked) {
            // Throws where not even the record's end can be found.
            in.position(from);
            in.skip();
            if (read == accounts) {
                forget(from, in);
            } else if (read != null) {
                int after = in.position();
                apiSpans.forget(from, in);
                in.position(after);
            }
        }
    }

    /** Makes telemetry of the record of this kind that began at {@code from}. */
    private void readByKind(int kind, int fields, int from, MarshalReader in, BatchClock clock) {
        switch (kind) {
            case 1 -> sampled.finished(Request.Kind.HTTP, overload.shouldShed(), fields, in, clock, measuredWith);
            case 2 -> sampled.finished(Request.Kind.WEBSOCKET, overload.shouldShed(), fields, in, clock, measuredWith);
            case 3 -> unsampled.http(false, fields, in, clock, measuredWith);
            case 4 -> unsampled.webSocket(false, fields, in, clock, measuredWith);
            case 5 -> sampled.open(Request.Kind.HTTP, fields, from, in, clock);
            case 6 -> sampled.open(Request.Kind.WEBSOCKET, fields, from, in, clock);
            case 7 -> unsampled.open(Request.Kind.HTTP, fields, from, in, clock);
            case 8 -> unsampled.open(Request.Kind.WEBSOCKET, fields, from, in, clock);
            case 9 -> unsampled.http(true, fields, in, clock, measuredWith);
            case 10 -> unsampled.webSocket(true, fields, in, clock, measuredWith);
            case 11 -> sampled.eventPart(fields, in, clock);
            case 12 -> upstream.finished(Request.Kind.HTTP, overload.shouldShed(), fields, in, clock);
            case 13 -> upstream.finished(Request.Kind.WEBSOCKET, overload.shouldShed(), fields, in, clock);
            case 14 -> upstream.open(Request.Kind.HTTP, fields, from, in, clock);
            case 15 -> upstream.open(Request.Kind.WEBSOCKET, fields, from, in, clock);
            case 16 -> upstream.children(fields, in, clock);
            case ApiSpanRecords.ENDED -> apiSpans.ended(overload.shouldShed(), fields, from, in, clock);
            case ApiSpanRecords.OPEN -> apiSpans.open(fields, from, in, clock);
            case ApiSpanRecords.LOST -> apiSpans.lost(fields, in);
            case LOST -> {
                Fields.expect(in, LOST_FIELDS, fields);
                throw in.malformed("a record that its recorder could not write");
            }
            default -> throw in.malformed("record of kind " + kind);
        }
    }

    /** Forgets the request whose finished record is lost: it runs no more, and must not end as one that died. */
    private void forget(int from, MarshalReader in) {
        int after = in.position();
        in.position(from);
        try {
            int fields = in.sequence();
            int kind = in.int32();
            if (kind == MEASURED_WITH && fields == MEASURED_WITH_FIELDS) {
                in.skip();
                fields = in.sequence();
                kind = in.int32();
            }
            int at = spanIdAt(kind);
            if (at > 0 && at < fields) {
                for (int i = 1; i < at; i++) {
                    in.skip();
                }
                openRequests.ended(in.unsigned64());
            }
        } catch (MalformedException e) {
            // nor does it say whose it is
        }
        in.position(after);
    }

    /**
     * Returns which field of a finished record is the id of its span; 0 where none is, since no OPEN record went ahead.
     */
    private static int spanIdAt(int kind) {
        return switch (kind) {
            case 1, 2, 12, 13 -> 4;
            case 9 -> 15;
            case 10 -> 10;
            case LOST -> 1;
            default -> 0;
        };
    }

    private static Attributes measuredWith(MarshalReader in) {
        Attributes attributes = AttributesReader.simple(in).read();
        if (attributes.size() > MAX_MEASURED_WITH) {
            throw in.malformed(attributes.size() + " attributes of measurements, allowed are " + MAX_MEASURED_WITH);
        }
        return attributes;
    }

    private static boolean isFinished(int kind) {
        return switch (kind) {
            case 1, 2, 3, 4, 9, 10, 12, 13, MEASURED_WITH, LOST -> true;
            default -> false;
        };
    }

    private static void checkSize(int from, MarshalReader in) {
        int at = in.position();
        in.position(from);
        in.skip();
        int bytes = in.position() - from;
        in.position(at);
        if (bytes > Limits.RECORD) {
            throw in.malformed("record of " + bytes + " bytes, allowed are " + Limits.RECORD);
        }
    }
}
