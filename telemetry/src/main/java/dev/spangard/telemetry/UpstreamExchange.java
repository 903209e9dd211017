// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.semconv.ErrorAttributes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request or one WebSocket in the {@code upstream} profile, made from recorded facts when it is over: its span, the
 * spans of its messages, its measurements. PARITY sections 0 to 3 are the rules.
 *
 * <p>Not thread-safe: one thread at a time. No method throws.
 */
public final class UpstreamExchange {
    private static final Logger LOG = System.getLogger(UpstreamExchange.class.getName());

    private final UpstreamTelemetry telemetry;
    private final UpstreamRequest request;
    private final long startNanos;
    private final String name;
    private final Attributes attributes;
    private boolean active;

    UpstreamExchange(UpstreamTelemetry telemetry, UpstreamRequest request, long startNanos) {
        this.telemetry = telemetry;
        this.request = request;
        this.startNanos = startNanos;
        String given = request.name();
        this.name = given == null ? telemetry.attributes.spanName(request.method(), request.path()) : given;
        this.attributes = telemetry.attributes.of(request);
    }

    /** Counts the request as active until it ends or {@link #deactivate} is called. WebSockets are not counted. */
    public void activate() {
        if (!active && isHttp()) {
            active = true;
            telemetry.metrics.active(1, attributes);
        }
    }

    /** Counts the request as active no longer, though it has not ended here. */
    public void deactivate() {
        if (active) {
            active = false;
            telemetry.metrics.active(-1, attributes);
        }
    }

    /**
     * Ends the exchange of a sampled request: makes its span, those of its messages in the order in which they ended,
     * and its measurements. This is the last call. The caller has seen to the id of the request's span.
     *
     * @param parent of the span
     * @param result how the request went
     * @param children in the order in which they ended
     * @param ids called before each child is started
     */
    public void end(Context parent, UpstreamResult result, List<ChildSpan> children, SpanIds ids) {
        long endNanos = Math.max(startNanos, result.spanEndNanos());
        Span span = start(parent, result);
        SpanContext context = span.getSpanContext();
        String prefix = UpstreamSpans.childName(name, request.kind());
        int next = 0;
        for (; next < children.size() && children.get(next).endNanos() <= endNanos; next++) {
            telemetry.spans.child(children.get(next), context, prefix, ids);
        }
        complete(span, result);
        measure(result, parent.with(span));
        span.end(endNanos, TimeUnit.NANOSECONDS);
        // What comes of the request is settled: a failure of these is not its.
        try {
            for (; next < children.size(); next++) {
                telemetry.spans.child(children.get(next), context, prefix, ids);
            }
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "a message could not be made into a span", e);
        }
    }

    /** Ends the exchange of a request that was not sampled, as {@link #end} does: it makes measurements only. */
    public void endUnsampled(UpstreamResult result) {
        measure(result, Context.root());
    }

    private Span start(Context parent, UpstreamResult result) {
        ApplicationSpan application = result.application();
        String last = application == null ? null : application.name();
        SpanBuilder builder = telemetry
                .tracer
                .spanBuilder(last == null ? name : last)
                .setSpanKind(request.internal() ? SpanKind.INTERNAL : SpanKind.SERVER)
                .setParent(parent)
                .setStartTimestamp(startNanos, TimeUnit.NANOSECONDS)
                .setAllAttributes(attributes);
        telemetry.requestHeaders.forEach(request.capturedHeaders(), telemetry.limit, builder::setAttribute);
        telemetry.responseHeaders.forEach(result.responseHeaders(), telemetry.limit, builder::setAttribute);
        UpstreamStatus status = result.status();
        if (status != null) {
            builder.setAllAttributes(statusAttributes(status));
        }
        if (telemetry.workerPid && request.pid() != 0) {
            builder.setAttribute(Keys.PROCESS_PID, request.pid());
        }
        if (result.disconnected()) {
            builder.setAttribute(Keys.CLIENT_DISCONNECTED, true);
        }
        if (result.cancelled()) {
            builder.setAttribute(UpstreamNames.CANCELLED, true);
        }
        if (result.workerEnd() != null) {
            builder.setAttribute(ErrorAttributes.ERROR_TYPE, result.workerEnd());
        }
        if (application != null) {
            telemetry.spans.putApplication(builder, application);
        }
        return builder.startSpan();
    }

    private void complete(Span span, UpstreamResult result) {
        ApplicationSpan application = result.application();
        if (application != null) {
            telemetry.spans.addEvents(span, application, result.returnedNanos());
        }
        Failure failure = result.failure();
        if (failure != null && (application == null || !application.recorded(failure))) {
            telemetry.spans.addException(span, failure, result.returnedNanos());
        }
        // What was raised after the response is told, but the response stays what it was.
        Failure inTime = result.endedNanos() == 0 ? failure : null;
        UpstreamStatus status = result.status();
        telemetry.spans.setStatus(span, application, status != null && status.isError() ? status : null, inTime, false);
        if (result.workerEnd() != null) {
            span.setStatus(StatusCode.ERROR);
        }
    }

    private Attributes statusAttributes(UpstreamStatus status) {
        AttributesBuilder code = Attributes.builder();
        telemetry.attributes.putStatus(code, status);
        return code.build();
    }

    /** Measures a request. Upstream measures no WebSocket. */
    private void measure(UpstreamResult result, Context context) {
        if (!isHttp()) {
            return;
        }
        if (active) {
            deactivate();
        } else {
            telemetry.metrics.active(0, attributes);
        }
        UpstreamStatus status = result.status();
        Attributes all = status == null
                ? attributes
                : attributes.toBuilder().putAll(statusAttributes(status)).build();
        double seconds = Math.max(0, result.returnedNanos() - startNanos) / 1e9;
        telemetry.metrics.ended(all, result, bytesSent(result, status), seconds, context);
    }

    private long bytesSent(UpstreamResult result, @Nullable UpstreamStatus status) {
        String method = request.method();
        boolean none = Ending.hasNoContent(method == null ? "" : method, status == null ? 0 : status.code());
        return none ? 0 : result.bytesSent();
    }

    private boolean isHttp() {
        return request.kind() == Request.Kind.HTTP;
    }
}
