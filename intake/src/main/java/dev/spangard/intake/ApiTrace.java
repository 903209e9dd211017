// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;

/**
 * The trace of a span that an application made by OpenTelemetry's API.
 *
 * @param id as 32 digits, valid
 * @param flags of the traceparent that the trace came with; 0 if it began here
 */
record ApiTrace(String id, int flags) {
    /** Reads the field {@code trace}: a traceparent, whose trace and flags are these, or an id. */
    static ApiTrace read(MarshalReader in) {
        if (in.nextIsBytes()) {
            return of(TracePosition.traceparent(in));
        }
        long low = in.unsigned128();
        long high = in.high();
        if (low == 0 && high == 0) {
            throw in.malformed("trace id 0");
        }
        return new ApiTrace(TraceId.fromLongs(high, low), 0);
    }

    private static ApiTrace of(SpanContext context) {
        return new ApiTrace(context.getTraceId(), context.getTraceFlags().asByte());
    }

    /** A sampled span of this trace. Other flags are those of the trace, and {@code moreFlags}. */
    SpanContext sampled(String spanId, int moreFlags, boolean isRemote, TraceState state) {
        return span(spanId, flags | moreFlags | TraceFlags.getSampled().asByte(), isRemote, state);
    }

    /** A span of this trace, of whose flags the lowest 8 bits count. */
    SpanContext span(String spanId, int flags, boolean isRemote, TraceState state) {
        TraceFlags told = TraceFlags.fromByte((byte) flags);
        return isRemote
                ? SpanContext.createFromRemoteParent(id, spanId, told, state)
                : SpanContext.create(id, spanId, told, state);
    }
}
