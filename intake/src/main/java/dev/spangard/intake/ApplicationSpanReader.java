// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.ApplicationSpan;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the field {@code span} of a record: what the application did with the current span. */
final class ApplicationSpanReader {
    private static final int FIELDS = 5;

    private final MarshalReader in;
    private final AttributesReader attributes;
    private final PartReader parts;

    ApplicationSpanReader(MarshalReader in) {
        this.in = in;
        this.attributes = AttributesReader.simple(in);
        this.parts = new PartReader(in);
    }

    /** Reads the field; null where there is none. What in it is of no use is left out alone. */
    @Nullable
    ApplicationSpan read() {
        if (!in.nextIsSequence()) {
            in.skip();
            return null;
        }
        if (in.sequence() != FIELDS) {
            throw in.malformed("span without its " + FIELDS + " fields");
        }
        String name = Fields.textOrNone(in, Limits.TEXT);
        Attributes read = attributes.read();
        List<ApplicationSpan.Event> events = parts.all(this::event);
        Status status = parts.oneOr(this::status, new Status(StatusCode.UNSET, null));
        List<ApplicationSpan.Link> links = parts.all(this::link);
        return new ApplicationSpan(name, read, events, status.code, status.description, links);
    }

    private ApplicationSpan.Event event() {
        Fields.begin(in, 3);
        String name = in.str(Limits.TEXT);
        Long epochNanos = parts.oneOr(in::int64, null);
        return new ApplicationSpan.Event(name, epochNanos, attributes.read());
    }

    private ApplicationSpan.Link link() {
        Fields.begin(in, 4);
        long low = in.unsigned128();
        String traceId = TraceId.fromLongs(in.high(), low);
        String spanId = SpanId.fromLong(in.unsigned64());
        TraceFlags flags = TraceFlags.fromByte((byte) in.int32Or(0));
        return new ApplicationSpan.Link(
                SpanContext.createFromRemoteParent(traceId, spanId, flags, TraceState.getDefault()), attributes.read());
    }

    private record Status(StatusCode code, @Nullable String description) {}

    private Status status() {
        Fields.begin(in, 2);
        return new Status(PartReader.statusCode(in), Fields.textOrNone(in, Limits.TEXT));
    }
}
