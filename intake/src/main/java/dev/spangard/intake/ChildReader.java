// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.ApplicationSpan;
import dev.spangard.telemetry.ChildSpan;
import dev.spangard.telemetry.ChildSpan.Direction;
import dev.spangard.telemetry.Failure;
import dev.spangard.telemetry.UpstreamStatus;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the flat list of an upstream record's messages (docs/wire-protocol.md, Upstream records): a child span each. */
final class ChildReader {
    private static final int FIELDS = 4;
    private static final int SEEN_FIELDS = 5;
    private static final int PARENT_FIELDS = 3;
    private static final int FIRST_RECEIVED = 16;
    private static final int RESPONSE_START = 1;
    private static final int WEBSOCKET_SEND = 6;
    private static final int WEBSOCKET_RECEIVE = 19;

    private final MarshalReader in;
    private final BatchClock clock;

    ChildReader(MarshalReader in, BatchClock clock) {
        this.in = in;
        this.clock = clock;
    }

    List<ChildSpan> read() {
        if (!in.nextIsSequence()) {
            in.skip();
            return List.of();
        }
        int left = in.sequence();
        if (left % FIELDS != 0) {
            throw in.malformed("the last message is incomplete");
        }
        List<ChildSpan> children = new ArrayList<>(left / FIELDS);
        for (; left > 0; left -= FIELDS) {
            children.add(child());
        }
        return children;
    }

    private ChildSpan child() {
        int code = in.int32();
        Direction direction = code < FIRST_RECEIVED ? Direction.SEND : Direction.RECEIVE;
        long start = clock.readNanos(in);
        long end = clock.readNanos(in);
        if (!in.nextIsSequence()) {
            Value value = value(code);
            return ChildSpan.plain(direction, value.eventType, value.status, start, end);
        }
        Fields.begin(in, SEEN_FIELDS);
        Value value = value(code);
        long spanId = in.unsigned64();
        SpanContext parent = null;
        long high = 0;
        long low = 0;
        if (!in.nextIsNone()) {
            Fields.begin(in, PARENT_FIELDS);
            low = in.unsigned128();
            high = in.high();
            parent = parent(high, low);
        }
        ApplicationSpan application = new ApplicationSpanReader(in).read();
        Failure failure = Fields.failure(in);
        return new ChildSpan(
                direction, value.eventType, value.status, start, end, spanId, parent, high, low, application, failure);
    }

    /** Reads the rest of a parent: its span and flags, None and 0 for the first span of a trace. */
    private SpanContext parent(long high, long low) {
        if (in.nextIsNone()) {
            in.int32();
            return SpanContext.getInvalid();
        }
        String spanId = SpanId.fromLong(in.unsigned64());
        TraceFlags flags = TraceFlags.fromByte((byte) in.int32());
        return SpanContext.create(TraceId.fromLongs(high, low), spanId, flags, TraceState.getDefault());
    }

    private record Value(
            @Nullable String eventType, @Nullable UpstreamStatus status) {}

    private Value value(int code) {
        if (code == RESPONSE_START) {
            return new Value("http.response.start", status(in));
        }
        String told = null;
        if (in.nextIsStr()) {
            told = in.repeatedStr(Limits.TEXT);
        } else {
            in.skip();
        }
        boolean isMessage = code == WEBSOCKET_SEND || code == WEBSOCKET_RECEIVE;
        return new Value(eventType(code, told), isMessage ? UpstreamStatus.of(200) : null);
    }

    /** Reads a status: an int, the text of something that is none, or None. */
    static @Nullable UpstreamStatus status(MarshalReader in) {
        if (in.nextIsNone()) {
            return null;
        }
        return in.nextIsStr() ? UpstreamStatus.of(in.repeatedStr(Limits.TEXT)) : UpstreamStatus.of(in.int32Or(-1));
    }

    private @Nullable String eventType(int code, @Nullable String told) {
        return switch (code) {
            case 2 -> "http.response.body";
            case 5 -> "websocket.accept";
            case WEBSOCKET_SEND -> "websocket.send";
            case 8 -> "websocket.close";
            case 11 -> "http.response.trailers";
            case 16 -> "http.request";
            case 17 -> "http.disconnect";
            case 18 -> "websocket.connect";
            case WEBSOCKET_RECEIVE -> "websocket.receive";
            case 21 -> "websocket.disconnect";
            case 22 -> null;
            case 15, 31 -> told;
            default -> throw in.malformed("message code " + code);
        };
    }
}
