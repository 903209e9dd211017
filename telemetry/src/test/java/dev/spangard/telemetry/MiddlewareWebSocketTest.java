// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.WebSocketReceiveEvent;
import dev.spangard.asgi.WebSocketScope;
import dev.spangard.asgi.WebSocketSendEvent;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class MiddlewareWebSocketTest extends RecordedServer {
    @Test
    void recordsAWebSocket() {
        FakeServer websocket = new FakeServer();
        websocket.call(
                middleware().wrap((scope, receive, send) -> {
                    send.send(new WebSocketSendEvent.Accept("chat", Headers.EMPTY));
                    send.send(new WebSocketSendEvent.Text("grüße \ud83d\ude00"));
                    return send.send(new WebSocketSendEvent.Close(1001, "bye"));
                }),
                WebSocketScope.builder("/ws").build());

        assertThat(attribute("http.response.status_code")).isEqualTo(101L);
        assertThat(attribute("spangard.websocket.subprotocol")).isEqualTo("chat");
        assertThat(attribute("spangard.websocket.bytes.sent")).isEqualTo(12L);
        assertThat(attribute("spangard.websocket.close.code")).isEqualTo(1001L);
        assertThat(attribute("spangard.websocket.close.by")).isEqualTo("application");
    }

    @Test
    void countsWhatTwoThreadsSayAtOnce() throws Exception {
        int messages = 2_000;
        FakeServer websocket = new FakeServer();
        AsgiApplication application = middleware().wrap(AsgiApplication.blocking((scope, receive, send) -> {
            send.send(new WebSocketSendEvent.Accept());
            Thread reader = Thread.ofVirtual().start(() -> {
                for (int i = 0; i < messages; i++) {
                    try {
                        receive.receive();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                }
            });
            for (int i = 0; i < messages; i++) {
                send.send(new WebSocketSendEvent.Text("x"));
            }
            reader.join();
        }));
        Receive text = () -> CompletableFuture.completedFuture(new WebSocketReceiveEvent.Text("y"));
        await(application.call(WebSocketScope.builder("/ws").build(), text, websocket));

        assertThat(attribute("spangard.websocket.messages.sent")).isEqualTo((long) messages);
        assertThat(attribute("spangard.websocket.messages.received")).isEqualTo((long) messages);
    }
}
