// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpReceiveEvent;
import dev.spangard.asgi.HttpSendEvent;
import dev.spangard.asgi.LifespanReceiveEvent;
import dev.spangard.asgi.LifespanSendEvent;
import dev.spangard.asgi.ReceiveEvent;
import dev.spangard.asgi.SendEvent;
import dev.spangard.asgi.WebSocketReceiveEvent;
import dev.spangard.asgi.WebSocketSendEvent;
import org.jspecify.annotations.Nullable;

/**
 * Records the ASGI events of one open exchange in its {@link Conversation}: what they say, and the time of those that have
 * one.
 *
 * <p>Not thread-safe: {@link OpenExchange} calls it under its lock. No event is changed or kept, but the response's headers
 * are until the end.
 */
final class EventRecorder {
    /**
     * The bytes of a body sent whole for which the server does not wait for the client: handing it over is sending it.
     */
    private static final int WRITTEN_AT_ONCE = 65_536;

    private final Exchange exchange;
    private final Conversation into;
    private final ScopeReader scopes;
    private final Clock clock;
    private final long startNanoTime;

    private boolean responseStarted;
    /** Whether there are more bodies than one, or trailers: what ends the response is not the first body. */
    private boolean streams;

    private boolean trailers;
    /** The headers of the response, once it has started. */
    private @Nullable Headers headers;

    /** @param startNanoTime the clock's at the start of the exchange */
    EventRecorder(Exchange exchange, ScopeReader scopes, Clock clock, long startNanoTime) {
        this.exchange = exchange;
        this.into = exchange.conversation;
        this.scopes = scopes;
        this.clock = clock;
        this.startNanoTime = startNanoTime;
    }

    /** Records an event that the application gets. */
    void received(ReceiveEvent event) {
        switch (event) {
            case HttpReceiveEvent.Request request ->
                into.requestBody(request.body().remaining());
            case HttpReceiveEvent.Disconnect gone -> {
                recordBodyHeaders();
                into.left(now());
            }
            case WebSocketReceiveEvent.Text message -> into.messageReceived(now(), true, Utf8.length(message.text()));
            case WebSocketReceiveEvent.Binary message ->
                into.messageReceived(now(), false, message.bytes().remaining());
            case WebSocketReceiveEvent.Disconnect gone -> into.disconnected(gone.code(), gone.reason());
            case WebSocketReceiveEvent.Connect connect -> {}
            case LifespanReceiveEvent lifespan -> {}
        }
    }

    /**
     * Records an event that the application sends.
     *
     * @return whether the response is complete when the server has taken it; then {@link #taken} is to be called
     */
    boolean sending(SendEvent event) {
        return switch (event) {
            case HttpSendEvent http -> recordHttp(http);
            case WebSocketSendEvent websocket -> {
                recordWebSocket(websocket);
                yield false;
            }
            case LifespanSendEvent lifespan -> false;
        };
    }

    private boolean recordHttp(HttpSendEvent event) {
        switch (event) {
            case HttpSendEvent.ResponseStart start -> {
                started(start.status());
                headers = start.headers();
                if (start.trailers()) {
                    streams = true;
                    trailers = true;
                }
                exchange.responseHeaders(scopes.captured(start.headers()));
            }
            case HttpSendEvent.ResponseBody body -> {
                return recordBody(body.body().remaining(), body.moreBody());
            }
            case HttpSendEvent.ResponseTrailers last -> {
                if (!last.moreTrailers()) {
                    into.responseBody(now(), 0, true);
                    return true;
                }
            }
            case HttpSendEvent.PathSend file -> {
                recordBodyHeaders();
                into.responseBody(now(), Conversation.UNKNOWN, true);
                return true;
            }
            case HttpSendEvent.ZeroCopySend file -> {
                recordBodyHeaders();
                into.responseBody(now(), file.count(), !file.moreBody());
                return !file.moreBody();
            }
            case HttpSendEvent.Push push -> {}
            case HttpSendEvent.EarlyHint hint -> {}
            case HttpSendEvent.Debug debug -> {}
        }
        return false;
    }

    /**
     * Records a body, apart from the other events, so that this and they are small enough for the compiler to take in.
     */
    private boolean recordBody(int size, boolean more) {
        if (more) {
            if (!streams) {
                streams = true;
                recordBodyHeaders();
            }
            into.responseBody(now(), size, false);
            return false;
        }
        if (!streams) {
            into.responseBody(now(), size, true);
            return size > WRITTEN_AT_ONCE;
        }
        into.responseBody(now(), size, !trailers);
        return !trailers;
    }

    private void recordWebSocket(WebSocketSendEvent event) {
        switch (event) {
            case WebSocketSendEvent.Accept accept -> {
                into.accepted(accept.subprotocol());
                exchange.responseHeaders(scopes.captured(accept.headers()));
            }
            case WebSocketSendEvent.Text message -> into.messageSent(now(), true, Utf8.length(message.text()));
            case WebSocketSendEvent.Binary message ->
                into.messageSent(now(), false, message.bytes().remaining());
            case WebSocketSendEvent.Close close -> into.closed(close.code(), close.reason());
            case WebSocketSendEvent.DenialStart denial -> {
                started(denial.status());
                exchange.responseHeaders(scopes.captured(denial.headers()));
            }
            case WebSocketSendEvent.DenialBody body ->
                into.responseBody(now(), body.body().remaining(), !body.moreBody());
        }
    }

    /** Records a start, and the status of the first one: the server refuses a second. */
    private void started(int status) {
        into.responseStarted();
        if (!responseStarted) {
            responseStarted = true;
            into.status(status);
        }
    }

    /** Records that the server took the event that completes the response. */
    void taken() {
        into.responseTaken(now());
    }

    /**
     * Reads the headers of a response that may be left before its end, or was: how long its body would be, and whether
     * it has an end.
     */
    void recordBodyHeaders() {
        if (headers != null) {
            ResponseBodyHeaders.record(headers, trailers, into);
        }
    }

    /** Returns the start's time of day and what has passed since: a clock that is set meanwhile changes no duration. */
    long now() {
        return exchange.startNanos + (clock.nanoTime() - startNanoTime);
    }
}
