// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.BlockingApplication;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpReceiveEvent;
import dev.spangard.asgi.HttpSendEvent;
import dev.spangard.asgi.Send;
import io.opentelemetry.api.trace.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Where the span of a request is current. */
final class MiddlewareContextTest extends RecordedServer {
    @Test
    void hasTheSpanCurrentWhileTheApplicationIsCalled() {
        List<String> current = new ArrayList<>();
        server.call(
                middleware().wrap((scope, receive, send) -> {
                    current.add(Span.current().getSpanContext().getSpanId());
                    return Send.SENT;
                }),
                SCOPE);

        assertThat(current).containsExactly(collector.span().getSpanId());
    }

    @Test
    void hasTheSpanCurrentOnVirtualThreads() throws Exception {
        CompletableFuture<String> current = new CompletableFuture<>();
        BlockingApplication application = AsgiApplication.blocking((scope, receive, send) -> {
            current.complete(Span.current().getSpanContext().getSpanId());
            receive.receive();
            OpenTelemetryMiddleware.route("/virtual");
            send.send(new HttpSendEvent.ResponseStart(200, Headers.EMPTY));
            send.send(body("hello"));
        });
        await(server.call(middleware().wrap(application), SCOPE));

        assertThat(current.get()).isEqualTo(collector.span().getSpanId());
        assertThat(collector.span().getName()).isEqualTo("GET /virtual");
    }

    @Test
    void hasTheSpanCurrentWhenAnEventArrivesLater() {
        FakeServer late = new FakeServer();
        List<String> current = new ArrayList<>();
        CompletionStage<Void> returned = late.call(
                middleware()
                        .wrap((scope, receive, send) -> receive.receive().thenCompose(event -> {
                            current.add(Span.current().getSpanContext().getSpanId());
                            send.send(new HttpSendEvent.ResponseStart(200, Headers.EMPTY));
                            return send.send(body("hello"));
                        })),
                SCOPE);
        assertThat(collector.spans.getFinishedSpanItems()).isEmpty();

        late.pending.complete(new HttpReceiveEvent.Request(bytes("abc"), false));

        assertThat(returned.toCompletableFuture()).isCompleted();
        assertThat(current).containsExactly(collector.span().getSpanId());
        assertThat(attribute("http.request.body.size")).isEqualTo(3L);
    }
}
