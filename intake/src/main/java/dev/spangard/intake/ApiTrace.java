// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;

/**
 * The trace of a span that an application made by OpenTelemetry's API, which its children share.
 *
 * @param id as 32 digits, valid
 * @param flags those of a sampled span
 */
record ApiTrace(String id, TraceFlags flags, TraceState state) {
    private static final int FIELDS = 3;

    /** Reads the field {@code trace}: a traceparent, whose trace and flags are these, or an id; more flags; tracestate. */
    static ApiTrace read(MarshalReader in) {
        Fields.begin(in, FIELDS);
        String id;
        int flags = TraceFlags.getSampled().asByte();
        if (in.nextIsBytes()) {
            SpanContext begun = TracePosition.traceparent(in);
            id = begun.getTraceId();
            flags |= begun.getTraceFlags().asByte();
        } else {
            long low = in.unsigned128();
            long high = in.high();
            if (low == 0 && high == 0) {
                throw in.malformed("trace id 0");
            }
            id = TraceId.fromLongs(high, low);
        }
        flags |= in.int32Or(0);
        return new ApiTrace(id, TraceFlags.fromByte((byte) flags), TracePosition.state(Fields.bytesAsText(in)));
    }

    /** A span of this trace. */
    SpanContext span(String spanId, boolean isRemote) {
        return isRemote
                ? SpanContext.createFromRemoteParent(id, spanId, flags, state)
                : SpanContext.create(id, spanId, flags, state);
    }
}
