// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.AsgiVersion;
import dev.spangard.asgi.BlockingApplication;
import dev.spangard.asgi.ByteString;
import dev.spangard.asgi.ClientDisconnectedException;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpReceiveEvent;
import dev.spangard.asgi.HttpScope;
import dev.spangard.asgi.HttpSendEvent;
import dev.spangard.asgi.LifespanScope;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.Send;
import dev.spangard.asgi.WebSocketReceiveEvent;
import dev.spangard.asgi.WebSocketScope;
import dev.spangard.asgi.WebSocketSendEvent;
import dev.spangard.telemetry.MiddlewareBuilder.Direction;
import dev.spangard.telemetry.MiddlewareBuilder.SpanDetails;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class OpenTelemetryMiddlewareTest {
    private static final long MS = 1_000_000;
    private static final HttpScope SCOPE = HttpScope.builder("GET", "/items/5")
            .headers(Headers.of("host", "example.org", "X-Team", "red", "authorization", "secret"))
            .build();
    private static final AsgiApplication HELLO = (scope, receive, send) -> {
        send.send(new HttpSendEvent.ResponseStart(200, Headers.of("content-type", "text/plain")));
        return send.send(body("hello"));
    };

    private final Collector collector = new Collector();
    private final FakeClock clock = new FakeClock();
    private final FakeServer server = new FakeServer(new HttpReceiveEvent.Request());

    @AfterEach
    void leavesNoContextBehind() {
        assertThat(Context.current()).isSameAs(Context.root());
    }

    @Test
    void recordsARequest() {
        server.call(
                middleware().wrap((scope, receive, send) -> {
                    receive.receive();
                    OpenTelemetryMiddleware.route("/items/{item_id}");
                    clock.advance(3 * MS);
                    send.send(new HttpSendEvent.ResponseStart(200, Headers.EMPTY));
                    CompletionStage<Void> sent = send.send(body("hello"));
                    clock.advance(9 * MS);
                    return sent;
                }),
                SCOPE);

        SpanData span = collector.span();
        assertThat(span.getName()).isEqualTo("GET /items/{item_id}");
        assertThat(span.getStartEpochNanos()).isEqualTo(START);
        assertThat(span.getEndEpochNanos()).isEqualTo(START + 3 * MS);
        assertThat(attribute("http.response.status_code")).isEqualTo(200L);
        assertThat(attribute("http.response.body.size")).isEqualTo(5L);
        assertThat(attribute("server.address")).isEqualTo("example.org");
        assertThat(collector.duration().getAttributes().get(AttributeKey.stringKey("http.route")))
                .isEqualTo("/items/{item_id}");
        assertThat(server.sent).hasSize(2);
    }

    @Test
    void belongsToTheCallersTrace() {
        HttpScope scope = SCOPE.toBuilder()
                .headers(Headers.of("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
                .build();
        server.call(middleware().wrap(HELLO), scope);

        assertThat(collector.span().getTraceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        assertThat(collector.span().getParentSpanId()).isEqualTo("b7ad6b7169203331");
    }

    @Test
    void measuresWhatIsNotSampled() {
        Collector unsampled = new Collector(TelemetryOptions.DEFAULTS, Sampler.alwaysOff());
        server.call(OpenTelemetryMiddleware.wrap(HELLO, unsampled.openTelemetry), SCOPE);

        assertThat(unsampled.spans.getFinishedSpanItems()).isEmpty();
        assertThat(unsampled.duration().getCount()).isEqualTo(1);
        assertThat(unsampled.duration().getExemplars()).isEmpty();
    }

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

    @Test
    void endsWhenTheServerHasTakenALargeBody() {
        server.taking = new CompletableFuture<>();
        server.call(
                middleware().wrap((scope, receive, send) -> {
                    send.send(new HttpSendEvent.ResponseStart(200, Headers.EMPTY));
                    return send.send(new HttpSendEvent.ResponseBody(ByteBuffer.allocate(65_537)));
                }),
                SCOPE);
        clock.advance(7 * MS);
        assertThat(server.taking.toCompletableFuture().complete(null)).isTrue();

        assertThat(collector.span().getEndEpochNanos()).isEqualTo(START + 7 * MS);
    }

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
    void passesALifespanOnUntouched() {
        List<Object> seen = new ArrayList<>();
        server.call(
                middleware().wrap((scope, receive, send) -> {
                    seen.add(receive);
                    seen.add(send);
                    return Send.SENT;
                }),
                new LifespanScope(AsgiVersion.LIFESPAN, null));

        assertThat(seen).containsExactly(server, server);
        assertThat(collector.spans.getFinishedSpanItems()).isEmpty();
    }

    @Test
    void leavesExcludedUrlsAlone() {
        AsgiApplication application = middleware()
                .excludedUrls("^http://example.org/heal(th)?$", "", "/metrics")
                .wrap(HELLO);
        server.call(application, SCOPE.toBuilder().path("/health").build());
        server.call(application, SCOPE.toBuilder().path("/a/metrics/b").build());
        assertThat(collector.spans.getFinishedSpanItems()).isEmpty();

        server.call(application, SCOPE);
        assertThat(collector.spans.getFinishedSpanItems()).hasSize(1);
    }

    @Test
    void recordsARequestOnceThoughWrappedTwice() {
        AsgiApplication inner = middleware().wrap(HELLO);
        AsgiApplication mount = (scope, receive, send) ->
                inner.call(((HttpScope) scope).toBuilder().rootPath("/shop").build(), receive, send);
        server.call(middleware().wrap(mount), SCOPE);

        assertThat(collector.spans.getFinishedSpanItems()).hasSize(1);
    }

    @Test
    void capturesTheHeadersThatAreAskedFor() {
        server.call(
                middleware()
                        .captureRequestHeaders(List.of("x-.*", "AUTHORIZATION", ""))
                        .captureResponseHeaders(List.of("content-type"))
                        .sanitizeFields(List.of("auth"))
                        .wrap(HELLO),
                SCOPE);

        assertThat(attribute("http.request.header.x-team")).isEqualTo(List.of("red"));
        assertThat(attribute("http.request.header.authorization")).isEqualTo(List.of("[REDACTED]"));
        assertThat(attribute("http.response.header.content-type")).isEqualTo(List.of("text/plain"));
        assertThat(attribute("http.request.header.host")).isNull();
        assertThat(collector.span().toString()).doesNotContain("secret");
    }

    @Test
    void refusesAnExpressionThatIsNone() {
        assertThatThrownBy(() -> middleware().captureRequestHeaders(List.of("x-(")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"x-(\"");
    }

    @Test
    void callsTheHooks() {
        List<String> called = new ArrayList<>();
        server.call(
                middleware()
                        .defaultSpanDetails(scope ->
                                new SpanDetails("checkout", Attributes.of(AttributeKey.stringKey("shop"), "north")))
                        .serverRequestHook((span, scope) -> called.add("server"))
                        .clientRequestHook((span, scope, event) -> called.add(event.type()))
                        .clientResponseHook((span, scope, event) -> called.add(event.type()))
                        .wrap((scope, receive, send) -> {
                            receive.receive();
                            OpenTelemetryMiddleware.route("/items");
                            return HELLO.call(scope, receive, send);
                        }),
                SCOPE);

        assertThat(called).containsExactly("server", "http.request", "http.response.start", "http.response.body");
        assertThat(collector.span().getName()).isEqualTo("checkout");
        assertThat(attribute("shop")).isEqualTo("north");
    }

    @Test
    void callsNoHookOfAnExcludedDirection() {
        List<String> called = new ArrayList<>();
        server.call(
                middleware()
                        .clientRequestHook((span, scope, event) -> called.add(event.type()))
                        .clientResponseHook((span, scope, event) -> called.add(event.type()))
                        .excludeSpans(Direction.SEND)
                        .wrap((scope, receive, send) -> {
                            receive.receive();
                            return HELLO.call(scope, receive, send);
                        }),
                SCOPE);

        assertThat(called).containsExactly("http.request");
    }

    @Test
    void keepsAHooksFailureFromTheRequest() {
        RuntimeException wrong = new RuntimeException("wrong");
        server.call(
                middleware()
                        .defaultSpanDetails(scope -> {
                            throw wrong;
                        })
                        .serverRequestHook((span, scope) -> {
                            throw wrong;
                        })
                        .clientResponseHook((span, scope, event) -> {
                            throw wrong;
                        })
                        .wrap(HELLO),
                SCOPE);

        assertThat(server.sent).hasSize(2);
        assertThat(collector.span().getEvents()).hasSize(4);
        assertThat(attribute("http.response.status_code")).isEqualTo(200L);
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

    @Test
    void ignoresWhatIsSaidAfterTheEnd() {
        List<Send> kept = new ArrayList<>();
        server.call(
                middleware().wrap((scope, receive, send) -> {
                    kept.add(send);
                    return HELLO.call(scope, receive, send);
                }),
                SCOPE);
        kept.getFirst().send(body("late"));

        assertThat(server.sent).hasSize(3);
        assertThat(attribute("http.response.body.size")).isEqualTo(5L);
    }

    @Test
    void readsTextsAsTheyWereSent() {
        byte[] latin = "größe".getBytes(StandardCharsets.ISO_8859_1);
        HttpScope scope = SCOPE.toBuilder()
                .queryString(ByteString.of(latin))
                .headers(Headers.builder()
                        .add(ByteString.of("user-agent"), ByteString.of(latin))
                        .build())
                .build();
        server.call(middleware().wrap(HELLO), scope);

        assertThat(attribute("url.query")).isEqualTo("größe");
        assertThat(attribute("user_agent.original")).isEqualTo("größe");
    }

    private MiddlewareBuilder middleware() {
        return OpenTelemetryMiddleware.builder(collector.openTelemetry).clock(clock);
    }

    private @Nullable Object attribute(String name) {
        return collector.attribute(name);
    }

    private static HttpSendEvent.ResponseBody body(String text) {
        return new HttpSendEvent.ResponseBody(bytes(text));
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void await(CompletionStage<Void> stage)
            throws InterruptedException, ExecutionException, TimeoutException {
        stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
