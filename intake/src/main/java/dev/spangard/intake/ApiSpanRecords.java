// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.DropReason;
import dev.spangard.books.SignalAccounts;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.function.Consumer;

/**
 * What one recorder tells of spans that its application made by OpenTelemetry's API. What is malformed is the caller's to
 * count. Used by the peer's thread only.
 */
final class ApiSpanRecords {
    /** The kinds of records (docs/wire-protocol.md). */
    static final int ENDED = 19;

    static final int OPEN = 20;
    static final int LOST = 21;

    private static final int LOST_FIELDS = 2;
    private static final int LOST_SPAN_ID = 1;
    private static final int SPAN_ID = 4;

    private final SignalAccounts accounts;
    private final Consumer<SpanData> spans;
    private final ApiSpanReader reader;
    private final OpenSpans open;

    /** @param open where this recorder's running spans are remembered */
    ApiSpanRecords(Service service, OpenSpans open) {
        this.accounts = service.accounts().spans();
        this.spans = service.spans();
        this.reader = new ApiSpanReader(service.resource());
        this.open = open;
    }

    /** Whether a record of this kind stands for a span that has ended, and is in the books. */
    static boolean isEnded(int kind) {
        return kind == ENDED || kind == LOST;
    }

    /**
     * Reads the record of a span that has ended.
     *
     * @param shouldShed whether there is no time for it
     * @param from where the record begins
     */
    void ended(boolean shouldShed, int fields, int from, MarshalReader in, BatchClock clock) {
        if (shouldShed) {
            forget(from, in);
            in.position(from);
            in.skip();
            accounts.drop(DropReason.INTAKE, 1);
        } else {
            ApiSpan span = reader.read(false, fields, in, clock);
            open.ended(span.context().getSpanId());
            spans.accept(span);
        }
    }

    /**
     * Reads the record of a span that goes on: it is remembered until it ends.
     *
     * @param from where the record begins
     */
    void open(int fields, int from, MarshalReader in, BatchClock clock) {
        open.opened(reader.read(true, fields, in, clock), in.position() - from);
    }

    /** Reads the record of a span that its recorder could not write. */
    void lost(int fields, MarshalReader in) {
        Fields.expect(in, LOST_FIELDS, fields);
        throw in.malformed("a span that its recorder could not write");
    }

    /** Forgets the span whose record is lost: it runs no more, and must not end as one whose process died. */
    void forget(int from, MarshalReader in) {
        in.position(from);
        try {
            in.sequence();
            int at = in.int32() == LOST ? LOST_SPAN_ID : SPAN_ID;
            for (int i = 1; i < at; i++) {
                in.skip();
            }
            open.ended(SpanId.fromLong(in.unsigned64()));
        } catch (MalformedException e) {
            // nor does it say which
        }
    }

    /** Ends all running spans with the process they ran in. */
    void workerEnded(String errorType, long epochNanos) {
        open.drain(span -> {
            accounts.finished(1);
            accounts.receive(1);
            spans.accept(span.endedWith(errorType, epochNanos));
        });
    }

    /** Forgets all running spans: the recorder may go on elsewhere. */
    void left() {
        open.drain(span -> {});
    }
}
