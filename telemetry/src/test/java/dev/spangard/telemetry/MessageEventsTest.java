// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.EventData;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Messages of a WebSocket as events of its span, where they are asked for. */
final class MessageEventsTest {
    @Test
    void tellsTheFirstMessagesAndCountsAll() {
        Collector collector = talked(2);

        assertThat(collector.span().getEvents())
                .extracting(EventData::getName, EventData::getEpochNanos, EventData::getAttributes)
                .containsExactly(
                        tuple("spangard.websocket.message", START + 1, message("receive", "text", 7)),
                        tuple("spangard.websocket.message", START + 2, message("transmit", "binary", 9)));
        assertThat(collector.attribute("spangard.websocket.messages.received")).isEqualTo(2L);
    }

    @Test
    void tellsNoneUnlessAskedTo() {
        assertThat(talked(0).span().getEvents()).isEmpty();
    }

    private static Attributes message(String direction, String type, long bytes) {
        return Attributes.builder()
                .put("network.io.direction", direction)
                .put("spangard.websocket.message.type", type)
                .put("spangard.websocket.message.size", bytes)
                .build();
    }

    private static Collector talked(int events) {
        Collector collector = new Collector(new TelemetryOptions(
                TelemetryOptions.DEFAULT_KNOWN_METHODS,
                TelemetryOptions.DEFAULT_SENSITIVE_QUERY_PARAMETERS,
                TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT,
                false,
                TrustedProxies.NONE,
                Set.of(),
                ExceptionSignal.SPAN_EVENTS,
                events));
        Exchange exchange = collector.telemetry.exchange(Requests.websocket("1.1"), START);
        Conversation said = exchange.conversation();
        said.accepted(null);
        said.messageReceived(START + 1, true, 7);
        said.messageSent(START + 2, false, 9);
        said.messageReceived(START + 3, true, 1);
        said.closed(1000, null);
        exchange.end(Context.root(), START + 5);
        return collector;
    }
}
