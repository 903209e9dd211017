// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.telemetry.MiddlewareBuilder.Direction;
import dev.spangard.telemetry.MiddlewareBuilder.SpanDetails;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MiddlewareHooksTest extends RecordedServer {
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
}
