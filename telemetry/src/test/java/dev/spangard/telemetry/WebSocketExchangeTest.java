// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static dev.spangard.telemetry.Requests.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** WebSockets as the stable profile tells them. */
final class WebSocketExchangeTest {
    private static final long MS = 1_000_000;

    private final Collector collector = new Collector();

    @Test
    void hasAWebSocketsSpanFromHandshakeToEnd() {
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        exchange.route("/ws");
        Conversation said = exchange.conversation();
        said.accepted("chat");
        said.messageReceived(START + MS, true, 7);
        said.messageReceived(START + 2 * MS, false, 3);
        said.messageSent(START + 3 * MS, true, 9);
        said.disconnected(1001, "going away");
        end(exchange, START + 7 * MS);

        SpanData span = collector.span();
        assertThat(span.getName()).isEqualTo("GET /ws");
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(span.getEndEpochNanos()).isEqualTo(START + 7 * MS);
        assertThat(span.getAttributes().asMap())
                .isEqualTo(Attributes.builder()
                        .put("http.request.method", "GET")
                        .put("url.scheme", "ws")
                        .put("url.path", "/ws")
                        .put("server.address", "example.org")
                        .put("server.port", 80)
                        .put("client.address", "127.0.0.1")
                        .put("network.peer.address", "127.0.0.1")
                        .put("network.peer.port", 51234)
                        .put("network.protocol.name", "websocket")
                        .put("network.protocol.version", "1.1")
                        .put("http.route", "/ws")
                        .put("http.response.status_code", 101)
                        .put("spangard.websocket.messages.received", 2)
                        .put("spangard.websocket.messages.sent", 1)
                        .put("spangard.websocket.bytes.received", 10)
                        .put("spangard.websocket.bytes.sent", 9)
                        .put("spangard.websocket.subprotocol", "chat")
                        .put("spangard.websocket.close.code", 1001)
                        .put("spangard.websocket.close.by", "client")
                        .put("spangard.websocket.close.reason", "going away")
                        .build()
                        .asMap());
    }

    @Test
    void knowsHowEachWebSocketHandshakeWasAnswered() {
        assertThat(handshake(said -> said.accepted(null))).isEqualTo(101L);
        assertThat(handshake(said -> said.closed(1000, null))).isEqualTo(403L);
        assertThat(handshake(said -> {
                    said.responseStarted();
                    said.status(429);
                }))
                .isEqualTo(429L);
        assertThat(handshake(said -> {})).isEqualTo(500L);
        assertThat(handshake(said -> said.disconnected(1006, null))).isNull();
        assertThat(handshake(said -> said.answeredByServer(403))).isEqualTo(403L);
        assertThat(handshake(said -> {
                    said.accepted(null);
                    said.answeredByServer(500);
                }))
                .isEqualTo(101L);
    }

    @Test
    void findsNoErrorInAHandshakeThatTheServerRefuses() {
        handshake(said -> said.answeredByServer(403));

        assertThat(collector.span().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    }

    @Test
    void callsAHandshakeThatNobodyAnswersIncomplete() {
        handshake(said -> said.answeredByServer(0));

        collector.assertError("response_incomplete", 0);
    }

    @Test
    void callsAHandshakeThatTheServerAnswersForAFailureByItsException() {
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        exchange.conversation().answeredByServer(403);
        exchange.failed(new Failure("ValueError", "", "", Failure.Says.FAILED));
        end(exchange, START);

        collector.assertError("ValueError", 403);
    }

    @Test
    void findsNoErrorInACloseThatTheServerDoesNotTell() {
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        exchange.conversation().accepted(null);
        exchange.conversation().disconnected(Conversation.UNTOLD, null);
        exchange.failed(new Failure("starlette.websockets.WebSocketDisconnect", "", "", Failure.Says.CLIENT_LEFT));
        end(exchange, START);

        assertThat(collector.span().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(collector.span().getEvents()).isEmpty();
        assertThat(attribute("spangard.websocket.close.code")).isNull();
        assertThat(attribute("spangard.websocket.close.by")).isEqualTo("client");
    }

    @Test
    void usesConnectForAWebSocketOverHttp2() {
        end(collector.telemetry.exchange(Requests.websocket("2"), START), START);

        assertThat(attribute("http.request.method")).isEqualTo("CONNECT");
    }

    @Test
    void callsALostWebSocketAnError() {
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        exchange.conversation().accepted(null);
        exchange.conversation().disconnected(1006, null);
        end(exchange, START);

        collector.assertError("client_disconnected", 101);
        assertThat(attribute("spangard.websocket.close.code")).isEqualTo(1006L);
    }

    @Test
    void callsAClosureByInternalErrorAnError() {
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        exchange.conversation().accepted(null);
        exchange.conversation().closed(1011, null);
        end(exchange, START);

        collector.assertError("1011", 101);
        assertThat(attribute("spangard.websocket.close.by")).isEqualTo("application");
    }

    private @Nullable Object attribute(String name) {
        return collector.attribute(name);
    }

    private @Nullable Object handshake(Consumer<Conversation> answer) {
        collector.spans.reset();
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        answer.accept(exchange.conversation());
        end(exchange, START);
        return attribute("http.response.status_code");
    }
}
