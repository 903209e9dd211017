// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EventsTest {
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    @Test
    void haveTheTypesOfTheSpecification() {
        assertThat(List.of(
                                new HttpReceiveEvent.Request(),
                                new HttpReceiveEvent.Disconnect(),
                                new WebSocketReceiveEvent.Connect(),
                                new WebSocketReceiveEvent.Text(""),
                                new WebSocketReceiveEvent.Binary(EMPTY),
                                new WebSocketReceiveEvent.Disconnect(1000, ""),
                                new LifespanReceiveEvent.Startup(),
                                new LifespanReceiveEvent.Shutdown())
                        .stream()
                        .map(ReceiveEvent::type))
                .containsExactly(
                        "http.request",
                        "http.disconnect",
                        "websocket.connect",
                        "websocket.receive",
                        "websocket.receive",
                        "websocket.disconnect",
                        "lifespan.startup",
                        "lifespan.shutdown");
        assertThat(List.of(
                                new HttpSendEvent.ResponseStart(200, Headers.EMPTY),
                                new HttpSendEvent.ResponseBody(EMPTY),
                                new HttpSendEvent.ResponseTrailers(Headers.EMPTY, false),
                                new HttpSendEvent.Push("/style.css", Headers.EMPTY),
                                new HttpSendEvent.PathSend(Path.of("/file")),
                                new HttpSendEvent.EarlyHint(List.of()),
                                new HttpSendEvent.Debug(Map.of()),
                                new WebSocketSendEvent.Accept(),
                                new WebSocketSendEvent.Text(""),
                                new WebSocketSendEvent.Binary(EMPTY),
                                new WebSocketSendEvent.Close(),
                                new WebSocketSendEvent.DenialStart(401, Headers.EMPTY),
                                new WebSocketSendEvent.DenialBody(EMPTY, false),
                                new LifespanSendEvent.StartupComplete(),
                                new LifespanSendEvent.StartupFailed(""),
                                new LifespanSendEvent.ShutdownComplete(),
                                new LifespanSendEvent.ShutdownFailed(""))
                        .stream()
                        .map(SendEvent::type))
                .containsExactly(
                        "http.response.start",
                        "http.response.body",
                        "http.response.trailers",
                        "http.response.push",
                        "http.response.pathsend",
                        "http.response.early_hint",
                        "http.response.debug",
                        "websocket.accept",
                        "websocket.send",
                        "websocket.send",
                        "websocket.close",
                        "websocket.http.response.start",
                        "websocket.http.response.body",
                        "lifespan.startup.complete",
                        "lifespan.startup.failed",
                        "lifespan.shutdown.complete",
                        "lifespan.shutdown.failed");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 99, 600})
    void refuseAStatusThatIsNone(int status) {
        assertThatThrownBy(() -> new HttpSendEvent.ResponseStart(status, Headers.EMPTY))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("status " + status + " is outside 100..599");
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 599})
    void takeEachStatusOfHttp(int status) {
        assertThatCode(() -> new HttpSendEvent.ResponseStart(status, Headers.EMPTY))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Type", ":status", ""})
    void refuseHeadersThatMayNotBeSent(String name) {
        Headers headers = Headers.of("a", "b", name, "x");
        assertThatThrownBy(() -> new HttpSendEvent.ResponseStart(200, headers))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining('"' + name + '"');
        assertThatThrownBy(() -> new HttpSendEvent.ResponseTrailers(headers, false))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new WebSocketSendEvent.DenialStart(401, headers))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void leaveTheSubprotocolToItsField() {
        Headers headers = Headers.of("sec-websocket-protocol", "chat");
        assertThatThrownBy(() -> new WebSocketSendEvent.Accept("chat", headers))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refuseARelativePathToSend() {
        assertThatThrownBy(() -> new HttpSendEvent.PathSend(Path.of("file")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void copyTheirCollections() {
        List<ByteString> links = new ArrayList<>(List.of(ByteString.of("</a.css>; rel=preload")));
        HttpSendEvent.EarlyHint hint = new HttpSendEvent.EarlyHint(links);
        links.clear();
        assertThat(hint.links()).hasSize(1);

        Map<String, Object> extensions = new HashMap<>(Map.of(Extension.PUSH, Map.of()));
        HttpScope scope = HttpScope.builder("GET", "/").extensions(extensions).build();
        extensions.clear();
        assertThat(scope.extensions()).containsKey(Extension.PUSH);
    }

    @Test
    void scopesAreWhatTheSpecificationHasByDefault() {
        HttpScope http = HttpScope.builder("GET", "/a").build();
        assertThat(http.type()).isEqualTo("http");
        assertThat(http.asgi()).isEqualTo(new AsgiVersion("3.0", "2.5"));
        assertThat(http.scheme()).isEqualTo("http");
        assertThat(http.rootPath()).isEmpty();
        assertThat(http.queryString()).isEqualTo(ByteString.EMPTY);
        assertThat(http.state()).isNull();

        WebSocketScope websocket = WebSocketScope.builder("/ws").build();
        assertThat(websocket.type()).isEqualTo("websocket");
        assertThat(websocket.httpVersion()).isEqualTo("1.1");
        assertThat(websocket.scheme()).isEqualTo("ws");
        assertThat(websocket.subprotocols()).isEmpty();

        assertThat(new LifespanScope(AsgiVersion.LIFESPAN, null).type()).isEqualTo("lifespan");
    }

    @Test
    void scopesCanBeChangedIntoOthers() {
        HttpScope scope = HttpScope.builder("GET", "/shop/cart")
                .scheme("https")
                .httpVersion("2")
                .queryString(ByteString.of("a=1"))
                .headers(Headers.of("host", "example.org"))
                .client(new Endpoint("127.0.0.1", 51234))
                .server(Endpoint.unixSocket("/run/web.sock"))
                .rawPath(ByteString.of("/shop/cart"))
                .state(new HashMap<>(Map.of("db", 1)))
                .build();

        assertThat(scope.toBuilder().build()).isEqualTo(scope);
        assertThat(scope.toBuilder().rootPath("/shop").build().rootPath()).isEqualTo("/shop");
        WebSocketScope websocket =
                WebSocketScope.builder("/ws").subprotocols(List.of("chat")).build();
        assertThat(websocket.toBuilder().build()).isEqualTo(websocket);
    }

    @Test
    void scopesKeepSecretsOutOfTheirText() {
        HttpScope scope = HttpScope.builder("GET", "/a")
                .queryString(ByteString.of("token=secret"))
                .headers(Headers.of("cookie", "secret"))
                .build();

        assertThat(scope.toString()).isEqualTo("HttpScope[GET /a]");
    }
}
