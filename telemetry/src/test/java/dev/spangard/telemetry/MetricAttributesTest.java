// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpScope;
import dev.spangard.asgi.HttpSendEvent;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Attributes of the application's own on measurements. */
final class MetricAttributesTest {
    private static final AttributeKey<String> PLAN = AttributeKey.stringKey("plan");
    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");

    private final Collector collector = new Collector();

    @Test
    void joinThoseOfTheConventionsAndReplaceNone() {
        Exchange exchange = collector.plain(200);
        exchange.measuredWith(Attributes.of(PLAN, "silver", METHOD, "HACK"));
        exchange.measuredWith(Attributes.of(PLAN, "gold"));
        exchange.end(Context.root(), START);

        assertThat(collector.duration().getAttributes().get(PLAN)).isEqualTo("gold");
        assertThat(collector.duration().getAttributes().get(METHOD)).isEqualTo("GET");
        assertThat(collector.attribute("plan")).isNull();
    }

    @Test
    void areMeasuredOfAWebSocketInBothDirections() {
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        exchange.conversation().accepted(null);
        exchange.measuredWith(Attributes.of(PLAN, "gold"));
        exchange.endUnsampled(START);

        assertThat(collector.duration().getAttributes().get(PLAN)).isEqualTo("gold");
        assertThat(collector.longPoints("spangard.websocket.messages"))
                .hasSize(2)
                .allSatisfy(point -> assertThat(point.getAttributes().get(PLAN)).isEqualTo("gold"));
    }

    @Test
    void areToldByAJavaApplicationSampledOrNot() {
        Collector unsampled = new Collector(TelemetryOptions.DEFAULTS, Sampler.alwaysOff());
        for (Collector told : new Collector[] {collector, unsampled}) {
            new FakeServer()
                    .call(
                            OpenTelemetryMiddleware.wrap(
                                    (scope, receive, send) -> {
                                        OpenTelemetryMiddleware.metricAttributes(Attributes.of(PLAN, "gold"));
                                        send.send(new HttpSendEvent.ResponseStart(200, Headers.EMPTY));
                                        return send.send(new HttpSendEvent.ResponseBody(ByteBuffer.allocate(1)));
                                    },
                                    told.openTelemetry),
                            HttpScope.builder("GET", "/").build());
            assertThat(told.duration().getAttributes().get(PLAN)).isEqualTo("gold");
        }
    }

    @Test
    void outsideARequestAreNobodys() {
        OpenTelemetryMiddleware.metricAttributes(Attributes.of(PLAN, "gold"));
        assertThat(collector.names()).isEmpty();
    }
}
