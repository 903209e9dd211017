// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The place of a span in its trace, as the recorder decided it.
 *
 * @param traceHigh with {@code traceLow} the trace id, if the span is the first of it; else 0
 * @param parent with the parent's span, remote or local; the root if there is none
 */
record TracePosition(long traceHigh, long traceLow, long spanId, Context parent) {
    /** The length of {@code 00-<32 hex>-<16 hex>-<2 hex>} (https://www.w3.org/TR/trace-context/#traceparent-header). */
    private static final int TRACEPARENT_LENGTH = 55;

    private static final int TRACE_AT = 3;
    private static final int SPAN_AT = 36;
    private static final int FLAGS_AT = 53;

    private static final String ANY_TRACEPARENT = "00-" + "1".repeat(32) + '-' + "1".repeat(16) + "-01";

    private static final TextMapGetter<Map<String, String>> FROM_MAP = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Map<String, String> carrier) {
            return carrier.keySet();
        }

        @Override
        public @Nullable String get(@Nullable Map<String, String> carrier, String key) {
            return carrier == null ? null : carrier.get(key);
        }
    };

    /** Reads the fields {@code trace, span_id, tracestate, parent}. */
    static TracePosition read(MarshalReader in) {
        if (in.nextIsBytes()) {
            String traceparent = in.bytesAsText(TRACEPARENT_LENGTH + 1);
            long spanId = spanId(in);
            String tracestate = Fields.bytesAsText(in);
            in.skip();
            return new TracePosition(0, 0, spanId, remote(in, traceparent, tracestate));
        }
        long low = in.unsigned128();
        long high = in.high();
        if (low == 0 && high == 0) {
            throw in.malformed("trace id 0");
        }
        long spanId = spanId(in);
        String tracestate = in.bytesAsText(Limits.TEXT);
        if (in.nextIsNone()) {
            return new TracePosition(high, low, spanId, Context.root());
        }
        String traceId = TraceId.fromLongs(high, low);
        String local = SpanId.fromLong(spanId(in));
        TraceState state = tracestate.isEmpty()
                ? TraceState.getDefault()
                : Span.fromContext(remote(in, "00-" + traceId + '-' + local + "-01", tracestate))
                        .getSpanContext()
                        .getTraceState();
        SpanContext parent = SpanContext.create(traceId, local, TraceFlags.getSampled(), state);
        return new TracePosition(high, low, spanId, Context.root().with(Span.wrap(parent)));
    }

    /** Returns the span's own place. */
    SpanContext span() {
        SpanContext above = Span.fromContext(parent).getSpanContext();
        boolean isFirst = traceHigh != 0 || traceLow != 0;
        String traceId = isFirst ? TraceId.fromLongs(traceHigh, traceLow) : above.getTraceId();
        return SpanContext.create(traceId, SpanId.fromLong(spanId), TraceFlags.getSampled(), above.getTraceState());
    }

    /** Reads a traceparent alone. */
    static SpanContext traceparent(MarshalReader in) {
        return Span.fromContext(remote(in, in.bytesAsText(TRACEPARENT_LENGTH + 1), ""))
                .getSpanContext();
    }

    /** Returns the trace state that this header says, for any span; the default if it is none. */
    static TraceState state(String tracestate) {
        if (tracestate.isEmpty()) {
            return TraceState.getDefault();
        }
        Map<String, String> carrier = Map.of("traceparent", ANY_TRACEPARENT, "tracestate", tracestate);
        Context read = W3CTraceContextPropagator.getInstance().extract(Context.root(), carrier, FROM_MAP);
        return Span.fromContext(read).getSpanContext().getTraceState();
    }

    static long spanId(MarshalReader in) {
        long id = in.unsigned64();
        if (id == 0) {
            throw in.malformed("span id 0");
        }
        return id;
    }

    private static Context remote(MarshalReader in, String traceparent, String tracestate) {
        Context parent;
        if (!tracestate.isEmpty()) {
            parent = W3CTraceContextPropagator.getInstance()
                    .extract(Context.root(), Map.of("traceparent", traceparent, "tracestate", tracestate), FROM_MAP);
        } else {
            parent = isWellFormed(traceparent) ? plain(traceparent) : Context.root();
        }
        if (!Span.fromContext(parent).getSpanContext().isValid()) {
            throw in.malformed("no valid traceparent");
        }
        return parent;
    }

    private static boolean isWellFormed(String traceparent) {
        return traceparent.length() == TRACEPARENT_LENGTH
                && traceparent.startsWith("00-")
                && traceparent.charAt(SPAN_AT - 1) == '-'
                && traceparent.charAt(FLAGS_AT - 1) == '-'
                && isHex(traceparent.charAt(FLAGS_AT))
                && isHex(traceparent.charAt(FLAGS_AT + 1));
    }

    private static boolean isHex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    }

    /**
     * Returns the context of a traceparent that is well-formed but for its ids. {@link SpanContext} checks them, and is
     * invalid if they are.
     */
    private static Context plain(String traceparent) {
        SpanContext remote = SpanContext.createFromRemoteParent(
                traceparent.substring(TRACE_AT, SPAN_AT - 1),
                traceparent.substring(SPAN_AT, FLAGS_AT - 1),
                TraceFlags.fromHex(traceparent, FLAGS_AT),
                TraceState.getDefault());
        return Context.root().with(Span.wrap(remote));
    }
}
