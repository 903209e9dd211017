// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.ClientDisconnectedException;
import dev.spangard.asgi.Send;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Failures of the application, of the server, of telemetry itself, and what each of them gets of the others. */
final class MiddlewareFailuresTest extends RecordedServer {
    @Test
    void passesOnWhatTheApplicationThrows() {
        IllegalStateException thrown = new IllegalStateException("no stock");
        AsgiApplication application = middleware().wrap((scope, receive, send) -> {
            throw thrown;
        });

        assertThatThrownBy(() -> server.call(application, SCOPE)).isSameAs(thrown);
        assertThat(attribute("error.type")).isEqualTo("java.lang.IllegalStateException");
        assertThat(attribute("http.response.status_code")).isEqualTo(500L);
        assertThat(collector.span().getEvents()).singleElement().satisfies(event -> {
            assertThat(event.getName()).isEqualTo("exception");
            assertThat(event.getAttributes().get(AttributeKey.stringKey("exception.message")))
                    .isEqualTo("no stock");
            assertThat(event.getAttributes().get(AttributeKey.stringKey("exception.stacktrace")))
                    .contains("passesOnWhatTheApplicationThrows");
        });
    }

    @Test
    void passesOnTheStageThatFails() {
        CompletableFuture<Void> failing = new CompletableFuture<>();
        CompletionStage<Void> returned = server.call(middleware().wrap((scope, receive, send) -> failing), SCOPE);
        CompletionException wrapped = new CompletionException(new IllegalStateException("no stock"));
        failing.completeExceptionally(wrapped);

        assertThat(returned.handle((nothing, failure) -> failure).toCompletableFuture())
                .isCompletedWithValue(wrapped);
        assertThat(attribute("error.type")).isEqualTo("java.lang.IllegalStateException");
    }

    @Test
    void passesOnThatTheClientIsGone() {
        ClientDisconnectedException gone = new ClientDisconnectedException("gone");
        server.taking = new CompletableFuture<>();
        List<Throwable> failures = new ArrayList<>();
        server.call(
                middleware()
                        .wrap((scope, receive, send) -> send.send(body("hello")).exceptionally(failure -> {
                            failures.add(failure);
                            return null;
                        })),
                SCOPE);
        server.taking.toCompletableFuture().completeExceptionally(gone);

        assertThat(failures).containsExactly(gone);
    }

    @Test
    void cancelsTheServersStageWithItsOwn() {
        FakeServer late = new FakeServer();
        late.call(
                middleware().wrap((scope, receive, send) -> {
                    receive.receive().toCompletableFuture().cancel(true);
                    return Send.SENT;
                }),
                SCOPE);

        assertThat(late.pending).isCancelled();
    }

    @Test
    void cancelsTheApplicationWithItsOwnStage() {
        CompletableFuture<Void> running = new CompletableFuture<>();
        server.call(middleware().wrap((scope, receive, send) -> running), SCOPE)
                .toCompletableFuture()
                .cancel(true);

        assertThat(running).isCancelled();
        assertThat(attribute("error.type")).isEqualTo("cancelled");
    }

    @Test
    void servesARequestThatCannotBeRecorded() {
        Collector broken = new Collector(TelemetryOptions.DEFAULTS, new ThrowingSampler());
        CompletionStage<Void> returned = server.call(OpenTelemetryMiddleware.wrap(HELLO, broken.openTelemetry), SCOPE);

        assertThat(returned.toCompletableFuture()).isCompleted();
        assertThat(server.sent).hasSize(2);
        assertThat(broken.names()).as("counted as active for ever").isEmpty();
    }

    /** As where a processor was built against another version of the SDK. */
    @Test
    void completesARequestWhoseProcessorOrHooksFailWithAnError() {
        OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .addSpanProcessor(new FailingProcessor())
                        .build())
                .build();
        var pending = new CompletableFuture<Void>();
        CompletionStage<Void> returned = server.call(
                OpenTelemetryMiddleware.builder(sdk)
                        .serverRequestHook((span, scope) -> {
                            throw new NoSuchMethodError("of another version");
                        })
                        .clientRequestHook((span, scope, event) -> {
                            throw new NoSuchMethodError("of another version");
                        })
                        .clientResponseHook((span, scope, event) -> {
                            throw new NoSuchMethodError("of another version");
                        })
                        .wrap((scope, receive, send) -> receive.receive()
                                .thenCompose(event -> HELLO.call(scope, receive, send))
                                .thenCompose(nothing -> pending)),
                SCOPE);
        assertThat(returned.toCompletableFuture()).isNotDone();
        pending.complete(null);

        assertThat(returned.toCompletableFuture()).isCompleted();
        assertThat(server.sent).hasSize(2);
    }

    @Test
    void holdsNoRequestWhileASpanProcessorRuns() {
        AtomicReference<Context> inside = new AtomicReference<>(Context.root());
        EndingProcessor processor = new EndingProcessor(() -> OpenTelemetryMiddleware.route(inside.get(), "/late"));
        OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
                .setTracerProvider(
                        SdkTracerProvider.builder().addSpanProcessor(processor).build())
                .build();
        server.call(
                OpenTelemetryMiddleware.wrap(
                        (scope, receive, send) -> {
                            inside.set(Context.current());
                            return HELLO.call(scope, receive, send);
                        },
                        sdk),
                SCOPE);

        assertThat(processor.ran).isTrue();
    }
}
