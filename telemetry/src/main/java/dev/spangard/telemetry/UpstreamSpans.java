// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.semconv.ExceptionAttributes;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes spans of single messages, and what all spans of the {@code upstream} profile have in common. Thread-safe. */
final class UpstreamSpans {
    private final Tracer children;
    private final UpstreamAttributes attributes;
    private final TextLimit limit;

    UpstreamSpans(Tracer children, UpstreamAttributes attributes, TelemetryOptions options) {
        this.children = children;
        this.attributes = attributes;
        this.limit = new TextLimit(options.attributeValueLengthLimit());
    }

    /** Returns all but the last word of a child's name. */
    static String childName(String requestName, Request.Kind kind) {
        return requestName + (kind == Request.Kind.HTTP ? " http " : " websocket ");
    }

    /**
     * Makes the span of one message.
     *
     * @param request the span it belongs below, if it has no parent of its own
     * @param prefix from {@link #childName}
     */
    void child(ChildSpan child, SpanContext request, String prefix, SpanIds ids) {
        SpanContext parent = child.parent() == null ? request : child.parent();
        ApplicationSpan hooks = child.application();
        String name = hooks == null || hooks.name() == null ? prefix + child.direction().word : hooks.name();
        SpanBuilder builder = children.spanBuilder(name)
                .setParent(Context.root().with(Span.wrap(parent)))
                .setStartTimestamp(child.startNanos(), TimeUnit.NANOSECONDS);
        if (hooks != null) {
            putApplication(builder, hooks);
        }
        UpstreamStatus status = child.status();
        if (status != null) {
            AttributesBuilder code = Attributes.builder();
            attributes.putStatus(code, status);
            builder.setAllAttributes(code.build());
        }
        if (child.eventType() != null) {
            builder.setAttribute(UpstreamNames.EVENT_TYPE, limit.cut(child.eventType()));
        }
        ids.next(child.traceHigh(), child.traceLow(), child.spanId());
        Span span = builder.startSpan();
        if (hooks != null) {
            addEvents(span, hooks, child.endNanos());
        }
        Failure failure = child.failure();
        if (failure != null && (hooks == null || !hooks.recorded(failure))) {
            addException(span, failure, child.endNanos());
        }
        boolean isError = status != null && status.isError();
        setStatus(span, hooks, isError ? status : null, failure, isError);
        span.end(Math.max(child.startNanos(), child.endNanos()), TimeUnit.NANOSECONDS);
    }

    void putApplication(SpanBuilder builder, ApplicationSpan application) {
        builder.setAllAttributes(application.attributes());
        application.links().forEach(link -> builder.addLink(link.to(), link.attributes()));
    }

    void addEvents(Span span, ApplicationSpan application, long undatedNanos) {
        for (ApplicationSpan.Event event : application.events()) {
            Long at = event.epochNanos();
            span.addEvent(event.name(), event.attributes(), at == null ? undatedNanos : at, TimeUnit.NANOSECONDS);
        }
    }

    /** Adds an exception as the Python SDK records it. */
    void addException(Span span, Failure failure, long epochNanos) {
        Attributes facts = Attributes.builder()
                .put(ExceptionAttributes.EXCEPTION_TYPE, limit.cut(failure.type()))
                .put(ExceptionAttributes.EXCEPTION_MESSAGE, limit.cut(failure.message()))
                .put(ExceptionAttributes.EXCEPTION_STACKTRACE, limit.cutTrace(failure.stacktrace()))
                .put(UpstreamNames.EXCEPTION_ESCAPED, "False")
                .build();
        span.addEvent("exception", facts, epochNanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Sets the status: in the Python SDK the last one counts, but nothing after OK.
     *
     * @param statusLast whether the status came after what the application set; else the application knew it
     */
    void setStatus(
            Span span,
            @Nullable ApplicationSpan application,
            @Nullable UpstreamStatus error,
            @Nullable Failure failure,
            boolean statusLast) {
        StatusCode said = application == null ? StatusCode.UNSET : application.status();
        if (said == StatusCode.OK) {
            span.setStatus(StatusCode.OK);
        } else if (failure != null) {
            // type(error).__name__, the last part of the qualified name
            String type = failure.type().substring(failure.type().lastIndexOf('.') + 1);
            span.setStatus(StatusCode.ERROR, limit.cut(type + ": " + failure.message()));
        } else if (error != null && (statusLast || said == StatusCode.UNSET)) {
            span.setStatus(StatusCode.ERROR, limit.cut(error.description()));
        } else if (application != null && said == StatusCode.ERROR) {
            String description = application.statusDescription();
            span.setStatus(StatusCode.ERROR, description == null ? "" : limit.cut(description));
        }
    }
}
