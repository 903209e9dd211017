// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.semconv.HttpAttributes;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes what an {@link Exchange} knows onto its span, in the {@code stable} profile. One for each service.
 *
 * <p>Thread-safe. The exchange calls it, on its own thread; what span processors and samplers throw goes through. It starts
 * spans and never ends one: that is the exchange's.
 */
final class StableSpanWriter {
    /** The shortest time of work after the response, in nanoseconds, that is worth a mention. */
    static final long BACKGROUND_FROM_NANOS = 1_000_000;

    private final Tracer tracer;
    private final TextLimit limit;
    private final StableRequestAttributes requests;
    private final StableResponseAttributes responses;
    private final StableSpanEvents events;

    /**
     * Makes the writer of one service.
     *
     * @param logger takes exceptions, where they are wanted as log records
     */
    StableSpanWriter(Tracer tracer, Logger logger, TextLimit limit, TelemetryOptions options, OptInFacts optIns) {
        this.tracer = tracer;
        this.limit = limit;
        this.requests = new StableRequestAttributes(limit, options, optIns);
        this.responses = new StableResponseAttributes(limit);
        this.events = new StableSpanEvents(logger, limit, options.exceptions());
    }

    /**
     * Starts the span of an exchange that has only begun. What no sampler asks for is put on it when it is known to be
     * kept.
     */
    Span start(Exchange exchange, Context parent) {
        Span span = builder(exchange, Series.spanName(exchange.method, exchange.route), parent)
                .startSpan();
        if (span.isRecording()) {
            requests.putConnection(exchange, SpanAttributes.of(span));
        }
        return span;
    }

    /** Starts the span of an exchange that is over, everything given at its creation. */
    Span startEnded(Exchange exchange, Context parent, Series series, Ending ending) {
        ApplicationSpan application = exchange.application;
        String name = application == null || application.name() == null ? series.spanName() : application.name();
        SpanBuilder builder = builder(exchange, name, parent);
        SpanAttributes attributes = SpanAttributes.of(builder);
        requests.putConnection(exchange, attributes);
        responses.put(exchange, series, ending, attributes);
        if (application != null) {
            builder.setAllAttributes(application.attributes());
            application.links().forEach(link -> builder.addLink(link.to(), link.attributes()));
        }
        return builder.startSpan();
    }

    /**
     * Puts on a span what became known since it was started. The application has had the span meanwhile, and named it
     * if it would.
     */
    void putResponse(Exchange exchange, Span span, Series series, Ending ending) {
        responses.put(exchange, series, ending, SpanAttributes.of(span));
    }

    void routed(Exchange exchange, Span span, String route) {
        span.setAttribute(HttpAttributes.HTTP_ROUTE, route);
        span.updateName(Series.spanName(exchange.method, route));
    }

    /**
     * Puts on a span the rest that it has when its exchange is over: events, status, the time of background work.
     *
     * @param context with the span in it
     * @param endNanos when the client had its response
     * @param returnedNanos when the application returned or raised
     */
    void addEventsAndStatus(
            Exchange exchange, Series series, Ending ending, Context context, long endNanos, long returnedNanos) {
        Span span = Span.fromContext(context);
        events.add(exchange, span, ending.failure(), returnedNanos, context);
        setStatus(span, exchange.application, series.key().errorType() != null);
        if (returnedNanos - endNanos >= BACKGROUND_FROM_NANOS) {
            span.setAttribute(Keys.BACKGROUND_TIME, (returnedNanos - endNanos) / 1e9);
        }
    }

    /**
     * Sets the status: the application's first, ours where it set none. 1xx to 4xx are no error of a server (semantic
     * conventions, HTTP spans, status).
     */
    private void setStatus(Span span, @Nullable ApplicationSpan application, boolean isError) {
        if (application != null && application.status() != StatusCode.UNSET) {
            String description = application.statusDescription();
            if (description == null) {
                span.setStatus(application.status());
            } else {
                span.setStatus(application.status(), limit.cut(description));
            }
        } else if (isError) {
            span.setStatus(StatusCode.ERROR);
        }
    }

    private SpanBuilder builder(Exchange exchange, String name, Context parent) {
        SpanBuilder builder = tracer.spanBuilder(name)
                .setSpanKind(SpanKind.SERVER)
                .setParent(parent)
                .setStartTimestamp(exchange.startNanos, TimeUnit.NANOSECONDS);
        requests.putRequest(exchange, builder);
        return builder;
    }
}
