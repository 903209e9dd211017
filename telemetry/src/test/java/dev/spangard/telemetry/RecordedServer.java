// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpReceiveEvent;
import dev.spangard.asgi.HttpScope;
import dev.spangard.asgi.HttpSendEvent;
import io.opentelemetry.context.Context;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** A server in memory, middleware with a clock that stands still, and what it has recorded: for the tests that extend this. */
abstract class RecordedServer {
    static final long MS = 1_000_000;

    static final HttpScope SCOPE = HttpScope.builder("GET", "/items/5")
            .headers(Headers.of("host", "example.org", "X-Team", "red", "authorization", "secret"))
            .build();

    static final AsgiApplication HELLO = (scope, receive, send) -> {
        send.send(new HttpSendEvent.ResponseStart(200, Headers.of("content-type", "text/plain")));
        return send.send(body("hello"));
    };

    final Collector collector = new Collector();
    final FakeClock clock = new FakeClock();
    final FakeServer server = new FakeServer(new HttpReceiveEvent.Request());

    @AfterEach
    void leavesNoContextBehind() {
        assertThat(Context.current()).isSameAs(Context.root());
    }

    MiddlewareBuilder middleware() {
        return OpenTelemetryMiddleware.builder(collector.openTelemetry).clock(clock);
    }

    @Nullable
    Object attribute(String name) {
        return collector.attribute(name);
    }

    static HttpSendEvent.ResponseBody body(String text) {
        return new HttpSendEvent.ResponseBody(bytes(text));
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    static void await(CompletionStage<Void> stage) throws InterruptedException, ExecutionException, TimeoutException {
        stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
