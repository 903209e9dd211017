// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class WebSocketMeasurementsTest {
    private static final long SECOND = 1_000_000_000;

    private final Collector collector = new Collector();

    @Test
    void measuresAnAcceptedWebSocketApartFromRequests() {
        websocket(said -> {
            said.accepted("chat");
            said.messagesReceived(3, 30);
            said.messagesSent(2, 200);
            said.disconnected(1000, null);
        });

        HistogramPointData duration =
                collector.histogram("spangard.websocket.duration").getFirst();
        assertThat(duration.getSum()).isEqualTo(5.0);
        assertThat(duration.getAttributes())
                .isEqualTo(Attributes.builder()
                        .put("http.request.method", "GET")
                        .put("url.scheme", "ws")
                        .put("http.route", "/ws")
                        .put("http.response.status_code", 101)
                        .put("network.protocol.name", "websocket")
                        .put("network.protocol.version", "1.1")
                        .build());
        assertThat(duration.getExemplars()).hasSize(1);
        assertThat(byDirection("spangard.websocket.messages")).isEqualTo(Map.of("receive", 3L, "transmit", 2L));
        assertThat(byDirection("spangard.websocket.io")).isEqualTo(Map.of("receive", 30L, "transmit", 200L));
        assertThat(collector.names()).doesNotContain("http.server.request.duration", "http.server.active_requests");
    }

    @Test
    void measuresADeniedHandshakeAsTheRequestThatItIs() {
        websocket(said -> said.closed(1000, null));

        assertThat(collector.duration().getAttributes().asMap())
                .containsAllEntriesOf(Attributes.builder()
                        .put("http.response.status_code", 403)
                        .put("network.protocol.name", "websocket")
                        .build()
                        .asMap());
        assertThat(collector.names()).doesNotContain("spangard.websocket.duration");
    }

    @Test
    void measuresAnUnsampledWebSocketAlike() {
        websocket(said -> said.accepted(null), exchange -> exchange.endUnsampled(START + SECOND));

        assertThat(collector.histogram("spangard.websocket.duration").getFirst().getSum())
                .isEqualTo(1.0);
        assertThat(collector.spans.getFinishedSpanItems()).isEmpty();
    }

    @Test
    void keepsAWebSocketWhoseWorkerDiedFromRequests() {
        websocket(said -> {}, exchange -> {
            exchange.workerEnded(Exchange.WORKER_DIED);
            exchange.end(Context.root(), START + SECOND);
        });

        assertThat(collector.histogram("spangard.websocket.duration")).hasSize(1);
        assertThat(collector.names()).doesNotContain("http.server.request.duration");
    }

    @Test
    void countsOpenConnections() {
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        exchange.activate();
        assertThat(open()).isEqualTo(1);

        exchange.end(Context.root(), START);
        assertThat(open()).isZero();
    }

    private long open() {
        return collector.longPoints("spangard.websocket.active_connections").stream()
                .mapToLong(LongPointData::getValue)
                .sum();
    }

    private Map<String, Long> byDirection(String metric) {
        return collector.longPoints(metric).stream()
                .collect(Collectors.toMap(
                        point -> String.valueOf(point.getAttributes().get(Keys.IO_DIRECTION)),
                        LongPointData::getValue));
    }

    private void websocket(Consumer<Conversation> conversation) {
        websocket(conversation, exchange -> exchange.end(Context.root(), START + 5 * SECOND));
    }

    private void websocket(Consumer<Conversation> conversation, Consumer<Exchange> end) {
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        exchange.route("/ws");
        conversation.accept(exchange.conversation());
        end.accept(exchange);
    }
}
