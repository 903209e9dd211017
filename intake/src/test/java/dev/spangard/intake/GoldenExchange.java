// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.asgi.ByteString;
import dev.spangard.asgi.ClientDisconnectedException;
import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.Endpoint;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpReceiveEvent;
import dev.spangard.asgi.HttpScope;
import dev.spangard.asgi.HttpSendEvent;
import dev.spangard.asgi.ReceiveEvent;
import dev.spangard.asgi.SendEvent;
import dev.spangard.asgi.WebSocketReceiveEvent;
import dev.spangard.asgi.WebSocketScope;
import dev.spangard.asgi.WebSocketSendEvent;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * What happens in one request, however it is told: live to the middleware, or afterwards in a record.
 *
 * @param steps in their order; times in units of 1/512 s, which are exact as nanoseconds and as a recorder's seconds
 */
record GoldenExchange(String name, ConnectionScope scope, List<Step> steps) {
    static final long UNIT_NANOS = 1_000_000_000 / 512;

    sealed interface Step {
        /** The application asked for an event, and got it. */
        record Received(long got, ReceiveEvent event) implements Step {}

        /** The application sent an event, which the server took. */
        record Sent(long at, SendEvent event, long taken) implements Step {}

        /** The router found the route. */
        record Routed(String template) implements Step {}

        /** The application raised. Last. */
        record Raised(long at, Exception failure) implements Step {}

        /** The application returned. Last. */
        record Returned(long at) implements Step {}
    }

    @Override
    public String toString() {
        return name;
    }

    /** Whether its scope is an HTTP request's. */
    boolean isHttp() {
        return scope instanceof HttpScope;
    }

    static List<GoldenExchange> all() {
        return List.of(
                exchange("hello", get("/"), start(1, 200), body(2, 5), returned(3)),
                exchange(
                        "route, query and headers",
                        HttpScope.builder("GET", "/items/5")
                                .scheme("https")
                                .httpVersion("2")
                                .queryString(ByteString.of("sig=secret&q=1"))
                                .headers(Headers.of(
                                        "host",
                                        "[2001:db8::1]",
                                        "user-agent",
                                        "curl/8.5.0",
                                        "x-team",
                                        "red",
                                        "X-Team",
                                        "blue"))
                                .client(new Endpoint("192.0.2.7", 51234))
                                .build(),
                        routed("/items/{item_id}"),
                        sent(1, new HttpSendEvent.ResponseStart(200, Headers.of("content-type", "text/plain"))),
                        body(2, 5),
                        returned(3)),
                exchange(
                        "posted in two parts",
                        HttpScope.builder("POST", "/upload").build(),
                        received(1, new HttpReceiveEvent.Request(bytes(7), true)),
                        received(3, new HttpReceiveEvent.Request(bytes(4), false)),
                        start(4, 201),
                        body(4, 0),
                        returned(4)),
                exchange(
                        "streamed to a slow client",
                        get("/"),
                        start(1, 200),
                        chunk(2, 10),
                        chunk(4, 10),
                        taken(5, 0, 9),
                        returned(9)),
                exchange("a large body", get("/"), start(1, 200), taken(2, 65_537, 8), returned(9)),
                exchange("work after the response", get("/"), start(1, 200), body(2, 5), returned(90)),
                exchange(
                        "trailers",
                        get("/"),
                        sent(1, new HttpSendEvent.ResponseStart(200, Headers.EMPTY, true)),
                        body(2, 5),
                        sent(3, new HttpSendEvent.ResponseTrailers(Headers.EMPTY, false), 6),
                        returned(6)),
                exchange(
                        "a file",
                        get("/"),
                        start(1, 200),
                        sent(2, new HttpSendEvent.PathSend(Path.of("/file")), 5),
                        returned(5)),
                exchange(
                        "a file of a known length",
                        get("/"),
                        start(1, 200, "content-length", "4096"),
                        sent(2, new HttpSendEvent.PathSend(Path.of("/file")), 5),
                        returned(5)),
                exchange(
                        "an answer to HEAD",
                        HttpScope.builder("HEAD", "/").build(),
                        start(1, 200, "content-length", "300"),
                        body(2, 300),
                        returned(3)),
                exchange(
                        "a HEAD that the client does not wait for",
                        HttpScope.builder("HEAD", "/").build(),
                        start(1, 200),
                        chunk(2, 300),
                        received(3, new HttpReceiveEvent.Disconnect()),
                        returned(4)),
                exchange("not modified", get("/"), start(1, 304, "content-length", "300"), body(2, 300), returned(3)),
                exchange("no content", get("/"), start(1, 204), returned(3)),
                exchange(
                        "all that was promised, then a client that leaves",
                        get("/"),
                        start(1, 200, "content-length", "20"),
                        chunk(2, 10),
                        chunk(3, 10),
                        received(3, new HttpReceiveEvent.Disconnect()),
                        body(5, 0),
                        returned(6)),
                exchange(
                        "all that was promised, then a cancellation",
                        get("/"),
                        start(1, 200, "content-length", "20"),
                        chunk(2, 10),
                        chunk(3, 10),
                        raised(3, quiet(new CancellationException()))),
                exchange(
                        "all that was promised, then a failure",
                        get("/"),
                        start(1, 200, "content-length", "20"),
                        chunk(2, 10),
                        chunk(3, 10),
                        raised(3, failure())),
                exchange(
                        "all that was promised, and not said to be",
                        get("/"),
                        start(1, 200, "content-length", "20"),
                        chunk(3, 20),
                        returned(3)),
                exchange(
                        "less than was promised",
                        get("/"),
                        start(1, 200, "content-length", "21"),
                        chunk(2, 20),
                        received(3, new HttpReceiveEvent.Disconnect()),
                        returned(4)),
                exchange(
                        "an event stream that the client leaves",
                        get("/events"),
                        start(1, 200, "content-type", "text/event-stream"),
                        chunk(2, 20),
                        received(3, new HttpReceiveEvent.Disconnect()),
                        chunk(4, 20),
                        returned(5)),
                exchange(
                        "an event stream that is left before its first event",
                        get("/events"),
                        start(1, 200, "content-type", "text/event-stream"),
                        received(3, new HttpReceiveEvent.Disconnect()),
                        raised(5, quiet(new CancellationException()))),
                exchange(
                        "an event stream that is cancelled",
                        get("/events"),
                        start(1, 200, "content-type", "text/event-stream"),
                        chunk(2, 20),
                        raised(3, quiet(new CancellationException()))),
                exchange(
                        "an event stream that fails when the client has left",
                        get("/events"),
                        start(1, 200, "content-type", "text/event-stream"),
                        chunk(2, 20),
                        raised(3, gone())),
                exchange(
                        "an event stream that breaks",
                        get("/events"),
                        start(1, 200, "content-type", "text/event-stream"),
                        chunk(2, 20),
                        raised(3, failure())),
                exchange("a send to a client that is gone", get("/"), start(1, 200), chunk(2, 10), raised(3, gone())),
                exchange("a server error", get("/"), start(1, 503), body(1, 0), returned(2)),
                exchange("no answer", get("/"), returned(2)),
                exchange("half an answer", get("/"), start(1, 200), chunk(2, 10), returned(4)),
                exchange("raised before the answer", get("/"), raised(3, failure())),
                exchange("raised in the middle", get("/"), start(1, 200), chunk(2, 10), raised(3, failure())),
                exchange("raised after the answer", get("/"), start(1, 200), body(2, 10), raised(30, failure())),
                exchange(
                        "cancelled",
                        get("/"),
                        start(1, 200),
                        chunk(2, 10),
                        raised(3, quiet(new CancellationException()))),
                exchange(
                        "the client left",
                        get("/"),
                        start(1, 200),
                        chunk(2, 10),
                        received(3, new HttpReceiveEvent.Disconnect()),
                        returned(4)),
                exchange(
                        "an unknown method",
                        HttpScope.builder("BREW", "/pot")
                                .server(new Endpoint("10.0.0.1", 8080))
                                .build(),
                        start(1, 404),
                        body(1, 3),
                        returned(2)),
                exchange(
                        "below a Unix socket",
                        HttpScope.builder("GET", "/")
                                .server(Endpoint.unixSocket("/run/web.sock"))
                                .build(),
                        start(1, 204),
                        body(1, 0),
                        returned(2)),
                exchange(
                        "a remote parent",
                        HttpScope.builder("GET", "/")
                                .headers(Headers.of(
                                        "host",
                                        "a",
                                        "traceparent",
                                        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
                                .build(),
                        start(1, 200),
                        body(2, 5),
                        returned(3)),
                exchange(
                        "a WebSocket the client closes",
                        websocket(),
                        received(1, new WebSocketReceiveEvent.Connect()),
                        sent(2, new WebSocketSendEvent.Accept("chat", Headers.EMPTY)),
                        received(3, new WebSocketReceiveEvent.Text("grüße")),
                        sent(4, new WebSocketSendEvent.Text("größe")),
                        received(5, new WebSocketReceiveEvent.Binary(bytes(9))),
                        sent(5, new WebSocketSendEvent.Binary(bytes(3))),
                        received(8, new WebSocketReceiveEvent.Disconnect(1001, "")),
                        returned(9)),
                exchange(
                        "a WebSocket the application closes",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        sent(3, new WebSocketSendEvent.Close(1011, "broken")),
                        returned(4)),
                exchange(
                        "a WebSocket that is lost",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        received(3, new WebSocketReceiveEvent.Disconnect(1006, "")),
                        returned(4)),
                exchange(
                        "a WebSocket that ends with its client",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        received(3, new WebSocketReceiveEvent.Disconnect(1000, "bye")),
                        raised(4, gone())),
                exchange(
                        "a WebSocket whose handler is cancelled as its client goes",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        received(3, new WebSocketReceiveEvent.Disconnect(1005, "")),
                        raised(4, quiet(new CancellationException()))),
                exchange(
                        "a WebSocket that ends with an odd code",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        received(3, new WebSocketReceiveEvent.Disconnect(4001, "")),
                        raised(4, gone())),
                exchange(
                        "a WebSocket that fails after its client has gone",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        received(3, new WebSocketReceiveEvent.Disconnect(1000, "")),
                        raised(4, failure())),
                exchange(
                        "a WebSocket that sends to a client that is gone",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        raised(4, gone())),
                exchange(
                        "a WebSocket that the server ends",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        received(3, new WebSocketReceiveEvent.Disconnect(1012, "")),
                        returned(4)),
                exchange("a WebSocket refused", websocket(), sent(1, new WebSocketSendEvent.Close()), returned(2)),
                exchange(
                        "a WebSocket denied",
                        websocket(),
                        sent(1, new WebSocketSendEvent.DenialStart(401, Headers.of("content-type", "text/plain"))),
                        sent(2, new WebSocketSendEvent.DenialBody(bytes(6), false)),
                        returned(3)),
                exchange(
                        "a WebSocket that fails",
                        websocket(),
                        sent(1, new WebSocketSendEvent.Accept()),
                        raised(3, failure())));
    }

    private static GoldenExchange exchange(String name, ConnectionScope scope, Step... steps) {
        return new GoldenExchange(name, scope, List.of(steps));
    }

    private static HttpScope get(String path) {
        return HttpScope.builder("GET", path)
                .headers(Headers.of("host", "example.org:8000"))
                .client(new Endpoint("127.0.0.1", 51234))
                .build();
    }

    private static WebSocketScope websocket() {
        return WebSocketScope.builder("/ws")
                .headers(Headers.of("host", "example.org"))
                .build();
    }

    private static Step start(long at, int status, String... headers) {
        return sent(at, new HttpSendEvent.ResponseStart(status, Headers.of(headers)));
    }

    private static Step body(long at, int size) {
        return taken(at, size, at);
    }

    private static Step taken(long at, int size, long taken) {
        return sent(at, new HttpSendEvent.ResponseBody(bytes(size)), taken);
    }

    private static Step chunk(long at, int size) {
        return sent(at, new HttpSendEvent.ResponseBody(bytes(size), true));
    }

    private static Step sent(long at, SendEvent event) {
        return sent(at, event, at);
    }

    private static Step sent(long at, SendEvent event, long taken) {
        return new Step.Sent(at, event, taken);
    }

    private static Step received(long got, ReceiveEvent event) {
        return new Step.Received(got, event);
    }

    private static Step routed(String template) {
        return new Step.Routed(template);
    }

    private static Step raised(long at, Exception failure) {
        return new Step.Raised(at, failure);
    }

    private static Step returned(long at) {
        return new Step.Returned(at);
    }

    private static Exception failure() {
        return quiet(new IllegalStateException("no stock"));
    }

    private static Exception gone() {
        return quiet(new ClientDisconnectedException("gone"));
    }

    /** Without a stack trace, which differs with every line of this file. */
    private static Exception quiet(Exception failure) {
        failure.setStackTrace(new StackTraceElement[0]);
        return failure;
    }

    private static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size);
    }
}
