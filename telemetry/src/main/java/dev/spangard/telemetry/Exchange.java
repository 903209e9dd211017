// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request or one WebSocket: one span and its measurements.
 *
 * <p>Driven either while the request is open, where {@link #open} starts the span before the application runs and
 * {@link #close} ends it, or afterwards from recorded times, where {@link #end} makes the whole span at once. Whichever
 * it is, the same messages at the same times make the same span and the same measurements. All times are nanoseconds
 * since the epoch, and the caller's: no clock is read here. An exchange that is neither opened, activated nor ended
 * leaves nothing behind.
 *
 * <p>Not thread-safe: one thread at a time. No method throws.
 */
public final class Exchange {
    /** The client went away before it had the whole response, or without closing its WebSocket. */
    public static final String CLIENT_DISCONNECTED = "client_disconnected";
    /** The application's task was cancelled before the response was complete. */
    public static final String CANCELLED = "cancelled";
    /** The application returned in the middle of its response. */
    public static final String RESPONSE_INCOMPLETE = "response_incomplete";
    /** The process that served the request ended with the request under way. */
    public static final String WORKER_DIED = "worker_died";

    /** The process that served the request ended in good order with the request under way. */
    public static final String WORKER_EXITED = "worker_exited";

    final Telemetry telemetry;
    /** The request as the client made it, where trusted proxies tell. */
    final Request request;

    /** The end at the other side of the server's socket; null if it is not known. */
    final @Nullable Address peer;

    final Conversation conversation;
    final long startNanos;
    final String method;
    final String scheme;

    @Nullable
    String route;

    List<String> responseHeaders = List.of();

    @Nullable
    Failure failure;

    @Nullable
    ApplicationSpan application;

    /** The application's own attributes of the request's measurements. */
    Attributes measuredWith = Attributes.empty();

    /** How the process ended before the application returned, an {@code error.type}; null if it did not. */
    private @Nullable String workerEnd;
    /** The series in which the request is counted as active; null if it is not. */
    private @Nullable Attributes activeSeries;

    /** The context with the request's span in it; null before {@link #open}, and for a recorded exchange. */
    private @Nullable Context opened;

    Exchange(Telemetry telemetry, Request request, Conversation conversation, long startNanos) {
        this.telemetry = telemetry;
        this.request = telemetry.forwarded.resolve(request);
        this.peer = request.client();
        this.conversation = conversation;
        this.startNanos = startNanos;
        this.method = telemetry.knownMethod(this.request);
        this.scheme = Telemetry.scheme(this.request);
    }

    /** Returns the conversation in which the messages of this exchange are recorded. */
    public Conversation conversation() {
        return conversation;
    }

    /** Counts the request as active until it ends or {@link #deactivate} is called. */
    public void activate() {
        if (activeSeries == null) {
            activeSeries = activeCount().begun(method, Series.bounded(scheme));
        }
    }

    /** Counts the request as active no longer, though it has not ended here. */
    public void deactivate() {
        Attributes series = activeSeries;
        if (series != null) {
            activeSeries = null;
            activeCount().ended(series);
        }
    }

    /**
     * Starts the span, if the sampler takes it, and counts the request as active: the application is called now.
     *
     * @param parent of the span
     * @return {@code parent} with the span in it: what is to be current while the application runs
     */
    public Context open(Context parent) {
        Context inside = parent.with(telemetry.spans.start(this, parent));
        activate(); // after the sampler and the span processors, which are others' code and may throw
        opened = inside;
        return inside;
    }

    /**
     * Sets the route that serves the request, as the client sees it. May be called at any time before the end; a span
     * that is open is renamed at once, so that a name the application gives later wins.
     */
    public void route(@Nullable String route) {
        this.route = route == null ? null : telemetry.limit.cut(route);
        if (opened != null && this.route != null) {
            telemetry.spans.routed(this, Span.fromContext(opened), this.route);
        }
    }

    /**
     * Sets the headers of the response.
     *
     * @param captured name, value, name, value …: those that were asked for, secrets already hidden; the list is not
     *     copied
     */
    public void responseHeaders(List<String> captured) {
        responseHeaders = captured;
    }

    /** Sets what the application raised. */
    public void failed(Failure failure) {
        this.failure = failure;
    }

    /**
     * Sets how the process that ran the application ended.
     *
     * @param errorType {@link #WORKER_DIED} or {@link #WORKER_EXITED}
     */
    public void workerEnded(String errorType) {
        workerEnd = errorType;
    }

    /**
     * Adds attributes of the application's own to the request's measurements, beside those added before. Attributes of
     * the conventions can not be replaced.
     */
    public void measuredWith(Attributes attributes) {
        if (!attributes.isEmpty()) {
            measuredWith = measuredWith.isEmpty()
                    ? attributes
                    : measuredWith.toBuilder().putAll(attributes).build();
        }
    }

    /** Sets what the application did with the current span of a recorded request; one that was opened it had itself. */
    public void application(ApplicationSpan application) {
        this.application = application;
    }

    /** Whether {@link #close} makes something of the time it is given: else the clock need not be read for it. */
    boolean asksForItsEnd() {
        return conversation.answer() != AnswerState.SENT
                || opened == null
                || Span.fromContext(opened).isRecording();
    }

    /**
     * Ends the exchange: the application that was called after {@link #open} returned or raised at this time. This is
     * the last call of an exchange that was opened.
     */
    public void close(long epochNanos) {
        Context inside = opened;
        if (inside == null) {
            endUnsampled(epochNanos);
            return;
        }
        Ending ending = Ending.of(this);
        Series series = series(ending);
        Span span = Span.fromContext(inside);
        if (span.isRecording()) {
            telemetry.spans.putResponse(this, span, series, ending);
            end(span, series, ending, inside, epochNanos);
        } else {
            measure(series, ending, endNanos(ending, epochNanos), inside);
        }
    }

    /**
     * Ends a recorded exchange and makes its span: the application returned or raised at this time. This is the last
     * call of an exchange that was not opened.
     *
     * @param parent of the span
     */
    public void end(Context parent, long epochNanos) {
        Ending ending = Ending.of(this);
        Series series = series(ending);
        Span span = telemetry.spans.startEnded(this, parent, series, ending);
        end(span, series, ending, parent.with(span), epochNanos);
    }

    private void end(Span span, Series series, Ending ending, Context context, long epochNanos) {
        long endNanos = endNanos(ending, epochNanos);
        telemetry.spans.addEventsAndStatus(this, series, ending, context, endNanos, epochNanos);
        measure(series, ending, endNanos, context);
        span.end(endNanos, TimeUnit.NANOSECONDS);
    }

    /** Ends a recorded exchange, as {@link #end} does, that was not sampled: it makes measurements only. */
    public void endUnsampled(long epochNanos) {
        Ending ending = Ending.of(this);
        measure(series(ending), ending, endNanos(ending, epochNanos), Context.root());
    }

    private void measure(Series series, Ending ending, long endNanos, Context context) {
        if (activeSeries != null) {
            deactivate();
        } else {
            activeCount().ensureSeries(method, Series.bounded(scheme));
        }
        double seconds = (endNanos - startNanos) / 1e9;
        if (ending.websocket()) {
            telemetry.websockets.ended(this, series, seconds, context);
        } else {
            Attributes attributes =
                    telemetry.seriesLimit.admitted(telemetry.optIns.measured(this, series.attributes()));
            telemetry.measurements.ended(
                    attributes, seconds, conversation.bytesReceived(), ending.bytesSent(), context);
        }
    }

    private ActiveCount activeCount() {
        return isWebSocket() ? telemetry.websockets.active : telemetry.measurements.active;
    }

    /**
     * Returns the time at which the client had its response; work the application does after that is not the client's
     * time.
     */
    private long endNanos(Ending ending, long returnedNanos) {
        long answered = ending.completeNanos();
        return Math.max(startNanos, answered == 0 ? returnedNanos : answered);
    }

    private Series series(Ending ending) {
        return telemetry.series.of(this, ending);
    }

    boolean isWebSocket() {
        return request.kind() == Request.Kind.WEBSOCKET;
    }

    /** Returns {@link #WORKER_DIED} or {@link #WORKER_EXITED} where the process ended first; else null. */
    @Nullable
    String workerEnd() {
        return workerEnd;
    }
}
