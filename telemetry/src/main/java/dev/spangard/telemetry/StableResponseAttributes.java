// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.semconv.ErrorAttributes;
import io.opentelemetry.semconv.HttpAttributes;

/**
 * Puts on a span of the {@code stable} profile how its exchange went (semantic conventions, HTTP server spans, and
 * docs/telemetry.md). Thread-safe; called by {@link StableSpanWriter}.
 */
final class StableResponseAttributes {
    private final CapturedHeaders headers = new CapturedHeaders("http.response.header.");
    private final TextLimit limit;

    StableResponseAttributes(TextLimit limit) {
        this.limit = limit;
    }

    void put(Exchange exchange, Series series, Ending ending, SpanAttributes to) {
        if (series.key().status() != 0) {
            to.put(HttpAttributes.HTTP_RESPONSE_STATUS_CODE, (long) series.key().status());
        }
        to.put(ErrorAttributes.ERROR_TYPE, series.key().errorType(), limit);
        if (ending.clientLeft()) {
            to.put(Keys.CLIENT_DISCONNECTED, true);
        }
        if (ending.websocket()) {
            putMessages(exchange, ending, to);
        } else {
            putBodies(exchange, ending, to);
        }
        headers.forEach(exchange.responseHeaders, limit, to::put);
    }

    private static void putBodies(Exchange exchange, Ending ending, SpanAttributes to) {
        Conversation said = exchange.conversation;
        if (said.bytesReceived() > 0) {
            to.put(Keys.REQUEST_BODY_SIZE, said.bytesReceived());
        }
        if (said.bodies() == 0) {
            return;
        }
        if (ending.bytesSent() >= 0) {
            to.put(Keys.RESPONSE_BODY_SIZE, ending.bytesSent());
        }
        to.put(Keys.TIME_TO_FIRST_BYTE, Math.max(0, said.firstBodyNanos() - exchange.startNanos) / 1e9);
        if (said.bodies() > 1) {
            to.put(Keys.RESPONSE_CHUNKS, said.bodies());
            if (ending.completeNanos() != 0) {
                to.put(Keys.STREAMING_TIME, Math.max(0, ending.completeNanos() - said.firstBodyNanos()) / 1e9);
            }
        }
    }

    private void putMessages(Exchange exchange, Ending ending, SpanAttributes to) {
        Conversation said = exchange.conversation;
        WebSocketTraffic traffic = said.webSocket();
        to.put(Keys.MESSAGES_RECEIVED, traffic.messagesReceived());
        to.put(Keys.MESSAGES_SENT, traffic.messagesSent());
        to.put(Keys.BYTES_RECEIVED, said.bytesReceived());
        to.put(Keys.BYTES_SENT, said.bytesSent());
        to.put(Keys.SUBPROTOCOL, traffic.subprotocol(), limit);
        if (traffic.closeCode() != Conversation.UNTOLD) {
            to.put(Keys.CLOSE_CODE, (long) traffic.closeCode());
            to.put(Keys.CLOSE_REASON, traffic.closeReason(), limit);
        }
        to.put(Keys.CLOSED_BY, ending.closedBy(), limit);
    }
}
