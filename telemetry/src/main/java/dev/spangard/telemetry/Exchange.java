// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request or one WebSocket, from its first to its last event: one span and its measurements.
 *
 * <p>Driven either live, where {@link #open} starts the span before the application runs, or afterwards from recorded
 * times, where {@link #end} makes the whole span at once. All times are nanoseconds since the epoch. Methods are called in
 * the order in which things happened, {@link #end} last and once; an exchange that is never opened nor ended leaves
 * nothing behind.
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

    /** RFC 6455, 7.4.1: the connection was lost; never sent. */
    private static final int CLOSE_ABNORMAL = 1006;
    /** RFC 6455, 7.4.1: the server could not go on. */
    private static final int CLOSE_INTERNAL_ERROR = 1011;

    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int FORBIDDEN = 403;
    private static final int INTERNAL_SERVER_ERROR = 500;
    private static final int LARGEST_STATUS = 599;

    private enum Phase {
        /** Nothing sent yet. */
        WAITING,
        /** The response has started; the WebSocket is accepted or denied. */
        RESPONDING,
        /** The last body was sent; the WebSocket is closed. */
        COMPLETE
    }

    final Telemetry telemetry;
    final Request request;
    final long startNanos;
    final String method;
    final String scheme;

    @Nullable
    String route;

    int status;
    long firstBodyNanos;
    long requestBytes;
    long responseBytes;
    long bodies;
    long messagesReceived;
    long messagesSent;
    int closeCode;
    boolean closedByClient;
    boolean clientLeft;

    @Nullable
    String subprotocol;

    List<String> responseHeaders = List.of();

    @Nullable
    Failure failure;

    @Nullable
    ApplicationSpan application;

    private Phase phase = Phase.WAITING;
    private long completeNanos;
    private boolean workerDied;
    private boolean active;
    private @Nullable Span span;
    private Context context = Context.root();

    Exchange(Telemetry telemetry, Request request, long startNanos) {
        this.telemetry = telemetry;
        this.request = request;
        this.startNanos = startNanos;
        this.method = telemetry.method(request);
        this.scheme = Telemetry.scheme(request);
    }

    /** Counts the request as active until it ends or {@link #deactivate} is called. */
    public void activate() {
        if (!active) {
            active = true;
            telemetry.measurements.active(1, method, scheme);
        }
    }

    /** No longer active, though it has not ended here. */
    public void deactivate() {
        if (active) {
            active = false;
            telemetry.measurements.active(-1, method, scheme);
        }
    }

    /**
     * Starts the span now, for an exchange driven live.
     *
     * @return {@code parent} with the span in it
     */
    public Context open(Context parent) {
        Span started = new SpanFacts(this).start(parent);
        span = started;
        context = parent.with(started);
        return context;
    }

    /** The route that serves the request, as the client sees it. May be told at any time before the end. */
    public void route(@Nullable String route) {
        this.route = route == null ? null : telemetry.limit.cut(route);
    }

    /** {@code http.response.start} or {@code websocket.http.response.start}. */
    public void responseStarted(int status) {
        if (phase == Phase.WAITING) {
            this.status = status;
            phase = Phase.RESPONDING;
        }
    }

    /**
     * Headers of the response.
     *
     * @param captured name, value, name, value …: those that were asked for, secrets already hidden
     */
    public void responseHeaders(List<String> captured) {
        responseHeaders = captured;
    }

    /** A part of the response's body was sent at this time. What comes before the start or after the last is no part of it. */
    public void responseBody(long epochNanos, long bytes, boolean last) {
        if (phase != Phase.RESPONDING) {
            return;
        }
        responseBytes += Math.max(0, bytes);
        if (bodies++ == 0) {
            firstBodyNanos = epochNanos;
        }
        if (last) {
            phase = Phase.COMPLETE;
            completeNanos = epochNanos;
        }
    }

    /** The server took the last message at this time; until then the client may have been slow to read. */
    public void responseTaken(long epochNanos) {
        if (phase == Phase.COMPLETE && request.kind() == Request.Kind.HTTP) {
            completeNanos = epochNanos;
        }
    }

    /** A part of the request's body reached the application. */
    public void requestBody(long bytes) {
        requestBytes += Math.max(0, bytes);
    }

    /** {@code http.disconnect}: after the response it is how a connection ends, before it is a loss. */
    public void disconnected() {
        if (phase != Phase.COMPLETE) {
            clientLeft = true;
        }
    }

    /** {@code websocket.accept}. */
    public void accepted(@Nullable String subprotocol) {
        if (phase == Phase.WAITING) {
            this.subprotocol = subprotocol;
            status = SWITCHING_PROTOCOLS;
            phase = Phase.RESPONDING;
        }
    }

    /** A message to the client, text or binary. */
    public void messageSent(long bytes) {
        messagesSent++;
        responseBytes += Math.max(0, bytes);
    }

    /** A message from the client, text or binary. */
    public void messageReceived(long bytes) {
        messagesReceived++;
        requestBytes += Math.max(0, bytes);
    }

    /** {@code websocket.close} by the application: before the handshake was answered it is a 403. */
    public void closed(int code) {
        if (phase == Phase.WAITING) {
            status = FORBIDDEN;
        } else if (closeCode == 0) {
            closeCode = code;
        }
        phase = Phase.COMPLETE;
    }

    /** {@code websocket.disconnect} from the client's side. */
    public void disconnected(int code) {
        if (phase == Phase.COMPLETE) {
            return;
        }
        if (phase == Phase.WAITING || code == CLOSE_ABNORMAL) {
            clientLeft = true;
        }
        if (closeCode == 0 && phase == Phase.RESPONDING) {
            closeCode = code;
            closedByClient = true;
        }
    }

    /** The application raised this. */
    public void failed(Failure failure) {
        this.failure = failure;
    }

    /** The process that ran the application is gone. */
    public void workerDied() {
        workerDied = true;
    }

    /** What the application did with the current span. */
    public void application(ApplicationSpan application) {
        this.application = application;
    }

    /**
     * The application returned or raised at this time.
     *
     * @param parent of the span, if it was not opened
     */
    public void end(Context parent, long epochNanos) {
        Outcome outcome = outcome();
        long endNanos = endNanos(epochNanos);
        SpanFacts facts = new SpanFacts(this);
        Span ended = span;
        if (ended == null) {
            ended = facts.startEnded(parent, outcome);
            context = parent.with(ended);
        } else {
            facts.complete(ended, outcome);
        }
        facts.addEvents(ended, epochNanos);
        facts.setStatus(ended, outcome);
        measure(outcome, endNanos, context);
        ended.end(endNanos, TimeUnit.NANOSECONDS);
    }

    /** As {@link #end}, of a request that was not sampled: measurements only. */
    public void endUnsampled(long epochNanos) {
        measure(outcome(), endNanos(epochNanos), Context.root());
    }

    private void measure(Outcome outcome, long endNanos, Context context) {
        if (active) {
            deactivate();
        } else {
            telemetry.measurements.passed(method, scheme);
        }
        double seconds = (endNanos - startNanos) / 1e9;
        telemetry.measurements.ended(outcome.attributes(), seconds, requestBytes, responseBytes, context);
    }

    /** When the client had its response; work the application does after that is not the client's time. */
    private long endNanos(long returnedNanos) {
        boolean answered = phase == Phase.COMPLETE && completeNanos != 0;
        return Math.max(startNanos, answered ? completeNanos : returnedNanos);
    }

    private Outcome outcome() {
        String error = errorType();
        return telemetry.outcomes.of(
                method, scheme, request.httpVersion(), request.kind() == Request.Kind.WEBSOCKET, route, status, error);
    }

    /** Also settles the status that the server answers with when the application sent none. */
    private @Nullable String errorType() {
        boolean cancelled = failure != null && failure.cancellation();
        if (phase == Phase.WAITING && !clientLeft && !cancelled && !workerDied) {
            status = INTERNAL_SERVER_ERROR;
        }
        if (workerDied) {
            return WORKER_DIED;
        }
        if (failure != null && !cancelled) {
            return telemetry.limit.cut(failure.type());
        }
        if (clientLeft) {
            return CLIENT_DISCONNECTED;
        }
        if (cancelled && phase != Phase.COMPLETE) {
            return CANCELLED;
        }
        if (status >= INTERNAL_SERVER_ERROR || status < 0) {
            return status > LARGEST_STATUS || status < 0 ? Outcome.OTHER_METHOD : Integer.toString(status);
        }
        if (request.kind() == Request.Kind.HTTP) {
            return phase == Phase.COMPLETE ? null : RESPONSE_INCOMPLETE;
        }
        return closeCode == CLOSE_INTERNAL_ERROR ? Integer.toString(closeCode) : null;
    }
}
