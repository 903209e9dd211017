// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.List;

/**
 * Reads records of spans that applications made by OpenTelemetry's API (docs/wire-protocol.md, SPAN). What is malformed
 * is the caller's to count. Used by the peer's thread only.
 */
final class ApiSpanReader {
    private static final int FIELDS = 11;
    private static final int EXTRAS_FIELDS = 5;
    private static final int EVENT_FIELDS = 4;
    private static final int LINK_FIELDS = 6;
    private static final int DROPPED_FIELDS = 3;

    /** Of a link's flags: the linked span is another process's. */
    private static final int IS_REMOTE = 0x100;

    private static final ApiSpan.Totals NOTHING = new ApiSpan.Totals(0, 0, 0);

    private final Resource resource;
    private final ScopeReader scopes = new ScopeReader();

    /**
     * What few spans have.
     *
     * @param isRemote whether the parent is another process's
     */
    private record Extras(
            List<EventData> events, List<LinkData> links, StatusData status, ApiSpan.Totals dropped, boolean isRemote) {
        static final Extras NONE = new Extras(List.of(), List.of(), StatusData.unset(), NOTHING, false);
    }

    ApiSpanReader(Resource resource) {
        this.resource = resource;
    }

    /**
     * Reads a record, its kind already read.
     *
     * @param isOpen whether the span goes on: it is told as if it had ended where it began
     */
    ApiSpan read(boolean isOpen, int fields, MarshalReader in, BatchClock clock) {
        Fields.expect(in, FIELDS, fields);
        long start = clock.readTime(in);
        long end = start;
        if (isOpen) {
            in.skip();
        } else {
            end = Math.max(start, clock.readTime(in));
        }
        ApiTrace trace = ApiTrace.read(in);
        String spanId = SpanId.fromLong(TracePosition.spanId(in));
        String parentId = in.nextIsNone() ? null : SpanId.fromLong(TracePosition.spanId(in));
        String name = Fields.textOrNone(in, Limits.TEXT);
        SpanKind kind = kind(in.int32Or(0));
        AttributesReader values = AttributesReader.extended(in);
        Attributes attributes = values.read();
        PartReader parts = new PartReader(in);
        Extras extras =
                in.nextIsNone() ? Extras.NONE : parts.oneOr(() -> extras(in, clock, values, parts), Extras.NONE);
        return new ApiSpan(
                resource,
                scopes.read(in),
                name == null ? "" : name,
                kind,
                trace.span(spanId, false),
                parentId == null ? SpanContext.getInvalid() : trace.span(parentId, extras.isRemote),
                start,
                end,
                attributes,
                extras.events,
                extras.links,
                extras.status,
                extras.dropped.plus(attributes.size(), extras.events.size(), extras.links.size()));
    }

    private static Extras extras(MarshalReader in, BatchClock clock, AttributesReader values, PartReader parts) {
        Fields.begin(in, EXTRAS_FIELDS);
        return new Extras(
                parts.all(() -> event(in, clock, values)),
                parts.all(() -> link(in, values)),
                in.nextIsNone() ? StatusData.unset() : parts.oneOr(() -> status(in), StatusData.unset()),
                in.nextIsNone() ? NOTHING : parts.oneOr(() -> dropped(in), NOTHING),
                parts.oneOr(in::bool, false));
    }

    private static SpanKind kind(int code) {
        return switch (code) {
            case 1 -> SpanKind.SERVER;
            case 2 -> SpanKind.CLIENT;
            case 3 -> SpanKind.PRODUCER;
            case 4 -> SpanKind.CONSUMER;
            default -> SpanKind.INTERNAL;
        };
    }

    private static EventData event(MarshalReader in, BatchClock clock, AttributesReader values) {
        Fields.begin(in, EVENT_FIELDS);
        String name = in.str(Limits.TEXT);
        long epochNanos = clock.readTime(in);
        Attributes attributes = values.read();
        return EventData.create(epochNanos, name, attributes, total(attributes, in.int32Or(0)));
    }

    private static LinkData link(MarshalReader in, AttributesReader values) {
        Fields.begin(in, LINK_FIELDS);
        long low = in.unsigned128();
        String traceId = TraceId.fromLongs(in.high(), low);
        String spanId = SpanId.fromLong(TracePosition.spanId(in));
        int flags = in.int32Or(0);
        TraceFlags told = TraceFlags.fromByte((byte) flags);
        TraceState state = TracePosition.state(Fields.bytesAsText(in));
        Attributes attributes = values.read();
        return LinkData.create(
                (flags & IS_REMOTE) == 0
                        ? SpanContext.create(traceId, spanId, told, state)
                        : SpanContext.createFromRemoteParent(traceId, spanId, told, state),
                attributes,
                total(attributes, in.int32Or(0)));
    }

    private static int total(Attributes attributes, int dropped) {
        return attributes.size() + Math.max(0, dropped);
    }

    private static StatusData status(MarshalReader in) {
        Fields.begin(in, 2);
        StatusCode code = PartReader.statusCode(in);
        String description = Fields.textOrNone(in, Limits.TEXT);
        return StatusData.create(code, description == null ? "" : description);
    }

    private static ApiSpan.Totals dropped(MarshalReader in) {
        Fields.begin(in, DROPPED_FIELDS);
        return new ApiSpan.Totals(Math.max(0, in.int32()), Math.max(0, in.int32()), Math.max(0, in.int32()));
    }
}
