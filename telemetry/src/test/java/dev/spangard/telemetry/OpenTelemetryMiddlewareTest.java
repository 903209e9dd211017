// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.AsgiVersion;
import dev.spangard.asgi.ByteString;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpScope;
import dev.spangard.asgi.HttpSendEvent;
import dev.spangard.asgi.LifespanScope;
import dev.spangard.asgi.Send;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

final class OpenTelemetryMiddlewareTest extends RecordedServer {
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
}
