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
import dev.spangard.asgi.WebSocketSendEvent;
import dev.spangard.intake.GoldenExchange.Step;
import dev.spangard.wire.MarshalWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Writes an exchange as a recorder in its process would have (docs/wire-protocol.md, Records). */
final class RecordedRequest {
    /** The reading of the recorder's clock at the start. */
    private static final double START_S = 999.0;

    private static final int WRITTEN_AT_ONCE = 65_536;

    private final GoldenExchange exchange;
    private final List<Consumer<MarshalWriter>> events = new ArrayList<>();
    private @Nullable String route;
    private @Nullable Integer status;
    private @Nullable Exception failure;
    private @Nullable ByteString contentType;
    private double end;
    private boolean streams;
    private boolean trailers;
    private long received;
    private long sent;
    private double first;
    private double complete;
    /** Whether the response is an event stream. */
    private boolean eventStream;
    /** What the response promised; -1 if nothing. */
    private long promised = -1;
    /** When the client left a response that was not ended, and how that was; null if it did not. */
    private double left;

    private int stage = -1;

    RecordedRequest(GoldenExchange exchange) {
        this.exchange = exchange;
        exchange.steps().forEach(this::note);
        if (complete == 0 && stage < 0 && status != null) {
            if (isWhole()) {
                left = end;
                stage = 2;
            } else if (eventStream) {
                stage = 3;
            }
        }
        if (eventStream || promised >= 0) {
            events.addFirst(out -> out.integer(14).float64(0).integer(eventStream ? -1 : promised));
        }
    }

    private boolean isWhole() {
        return promised >= 0 && sent >= promised;
    }

    private static double seconds(long units) {
        return START_S + units / 512.0;
    }

    private void note(Step step) {
        switch (step) {
            case Step.Received got -> received(seconds(got.got()), got.event());
            case Step.Sent sent -> {
                if (sent(seconds(sent.at()), sent.event())) {
                    complete = seconds(sent.taken());
                    event(4, complete, 0);
                }
            }
            case Step.Routed routed -> route = routed.template();
            case Step.Raised raised -> {
                failure = raised.failure();
                end = seconds(raised.at());
            }
            case Step.Returned returned -> end = seconds(returned.at());
        }
    }

    private void event(int code, double at, long value) {
        events.add(out -> out.integer(code).float64(at).integer(value));
    }

    private void asked(int code, double got, long value) {
        events.add(out -> out.integer(code).float64(got).float64(got).integer(value));
    }

    private static void closed(MarshalWriter out, int code, String reason) {
        if (reason.isEmpty()) {
            out.integer(code);
        } else {
            out.tuple(2).integer(code).str(reason);
        }
    }

    private void received(double got, ReceiveEvent event) {
        switch (event) {
            case HttpReceiveEvent.Request request -> {
                received += request.body().remaining();
                asked(16, got, request.body().remaining());
            }
            case HttpReceiveEvent.Disconnect gone -> {
                if (complete == 0) {
                    left = got;
                    stage = status == null ? 0 : isWhole() ? 2 : eventStream ? 3 : 1;
                }
                asked(17, got, 0);
            }
            case WebSocketReceiveEvent.Connect connect -> asked(18, got, 0);
            case WebSocketReceiveEvent.Text text -> asked(19, got, utf8(text.text()));
            case WebSocketReceiveEvent.Binary binary ->
                asked(20, got, binary.bytes().remaining());
            case WebSocketReceiveEvent.Disconnect gone ->
                events.add(out -> closed(out.integer(21).float64(got).float64(got), gone.code(), gone.reason()));
            default -> throw new AssertionError(event);
        }
    }

    /** Whether the recorder waits for the server to have taken it. */
    private boolean sent(double at, SendEvent event) {
        switch (event) {
            case HttpSendEvent.ResponseStart start -> {
                status = start.status();
                contentType = start.headers().first(ByteString.of("content-type"));
                eventStream = contentType != null && contentType.toString().equals("text/event-stream");
                ByteString length = start.headers().first(ByteString.of("content-length"));
                promised = length == null ? -1 : Long.parseLong(length.toString());
                trailers = start.trailers();
                streams = trailers;
                event(1, at, 0);
            }
            case HttpSendEvent.ResponseBody body -> {
                int size = body.body().remaining();
                sent += size;
                first = first == 0 ? at : first;
                boolean last = !body.moreBody() && !trailers;
                event(last ? 3 : 2, at, size);
                boolean waits = last && (streams || size > WRITTEN_AT_ONCE);
                streams |= body.moreBody();
                complete = last ? at : 0;
                return waits;
            }
            case HttpSendEvent.ResponseTrailers last -> {
                event(3, at, 0);
                return true;
            }
            case HttpSendEvent.PathSend file -> {
                first = at;
                sent = promised;
                event(3, at, -1);
                return true;
            }
            case WebSocketSendEvent.Accept accept -> {
                String subprotocol = accept.subprotocol();
                events.add(out -> {
                    out.integer(5).float64(at);
                    if (subprotocol == null) {
                        out.integer(0);
                    } else {
                        out.str(subprotocol);
                    }
                });
            }
            case WebSocketSendEvent.Text text -> event(6, at, utf8(text.text()));
            case WebSocketSendEvent.Binary binary -> event(7, at, binary.bytes().remaining());
            case WebSocketSendEvent.Close close ->
                events.add(out -> closed(out.integer(8).float64(at), close.code(), close.reason()));
            case WebSocketSendEvent.DenialStart denial -> {
                status = denial.status();
                contentType = denial.headers().first(ByteString.of("content-type"));
                event(9, at, denial.status());
            }
            case WebSocketSendEvent.DenialBody body ->
                event(body.moreBody() ? 10 : 3, at, body.body().remaining());
            default -> throw new AssertionError(event);
        }
        return false;
    }

    private static int utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** Kinds 1 and 2. */
    void sampled(MarshalWriter out) {
        ConnectionScope scope = exchange.scope();
        Headers headers = scope.headers();
        ByteString traceparent = headers.first(ByteString.of("traceparent"));
        ByteString host = headers.first(ByteString.of("host"));
        out.tuple(28).integer(exchange.isHttp() ? 1 : 2).float64(START_S).float64(end);
        if (traceparent == null) {
            out.unsigned128(7, 8);
        } else {
            out.bytes(traceparent.toByteArray());
        }
        out.integer(0x11).bytes(new byte[0]).none();
        text(out, scope instanceof HttpScope http ? http.method() : null);
        out.str(scope.scheme()).str(scope.httpVersion()).none().str(scope.path());
        out.bytes(scope.queryString().toByteArray());
        endpoint(out, host == null ? scope.server() : null);
        endpoint(out, scope.client());
        bytes(out, host);
        bytes(out, headers.first(ByteString.of("user-agent")));
        out.bytes(new byte[0]);
        captured(out, ByteString.of("x-team"), headers.all(ByteString.of("x-team")));
        text(out, route);
        if (status == null) {
            out.none();
        } else {
            out.integer(status);
        }
        out.none();
        captured(out, ByteString.of("content-type"), contentType == null ? List.of() : List.of(contentType));
        MarshalWriter counted = out.list(eventElements());
        events.forEach(event -> event.accept(counted));
        out.integer(0);
        if (failure == null) {
            out.none();
        } else {
            String message = failure.getMessage();
            out.tuple(4)
                    .str(failure.getClass().getName())
                    .str(message == null ? "" : message)
                    .str(failure + System.lineSeparator())
                    .integer(says(failure));
        }
        out.none().integer(4711);
    }

    /** Of events that were received four, of others three. */
    private int eventElements() {
        int received = Math.toIntExact(exchange.steps().stream()
                .filter(Step.Received.class::isInstance)
                .count());
        return 3 * events.size() + received;
    }

    /** Kind 3. */
    void unsampled(MarshalWriter out) {
        HttpScope scope = (HttpScope) exchange.scope();
        out.tuple(15).integer(3).float64(START_S).float64(end);
        out.str(scope.method()).str(scope.scheme()).str(scope.httpVersion());
        text(out, route);
        out.integer(status == null ? 0 : status)
                .integer(received)
                .integer(sent)
                .float64(first)
                .float64(complete);
        if (failure == null) {
            out.none();
        } else {
            out.tuple(2).str(failure.getClass().getName()).integer(says(failure));
        }
        if (stage < 0) {
            out.none();
        } else {
            out.tuple(2).float64(left).integer(stage);
        }
        out.none();
    }

    private static int says(Throwable failure) {
        return failure instanceof CancellationException ? 1 : failure instanceof ClientDisconnectedException ? 2 : 0;
    }

    private static void text(MarshalWriter out, @Nullable String text) {
        if (text == null) {
            out.none();
        } else {
            out.str(text);
        }
    }

    private static void bytes(MarshalWriter out, @Nullable ByteString bytes) {
        out.bytes(bytes == null ? new byte[0] : bytes.toByteArray());
    }

    private static void endpoint(MarshalWriter out, @Nullable Endpoint endpoint) {
        if (endpoint == null) {
            out.none();
            return;
        }
        out.tuple(2).str(endpoint.host());
        if (endpoint.port() == Endpoint.NO_PORT) {
            out.none();
        } else {
            out.integer(endpoint.port());
        }
    }

    private static void captured(MarshalWriter out, ByteString name, List<ByteString> values) {
        if (values.isEmpty()) {
            out.none();
            return;
        }
        out.list(2 * values.size());
        values.forEach(value -> out.bytes(name.toByteArray()).bytes(value.toByteArray()));
    }
}
