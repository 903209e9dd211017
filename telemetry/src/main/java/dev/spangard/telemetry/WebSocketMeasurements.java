// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.context.Context;
import java.util.List;

/**
 * The WebSocket instruments of one service. The semantic conventions have none; a connection that lives for hours is kept
 * out of the HTTP instruments, whose latency it would bury. Thread-safe.
 */
final class WebSocketMeasurements {
    /** The buckets of durations, from a hundredth of a second to a day. */
    private static final List<Double> DURATION_BUCKETS_S =
            List.of(0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0);

    final ActiveCount active;
    private final DoubleHistogram duration;
    private final LongCounter messages;
    private final LongCounter bytes;

    WebSocketMeasurements(Meter meter) {
        active = new ActiveCount(meter.upDownCounterBuilder("spangard.websocket.active_connections")
                .setUnit("{connection}")
                .setDescription("Number of WebSockets open.")
                .build());
        duration = meter.histogramBuilder("spangard.websocket.duration")
                .setUnit("s")
                .setDescription("Duration of WebSockets that were accepted.")
                .setExplicitBucketBoundariesAdvice(DURATION_BUCKETS_S)
                .build();
        messages = meter.counterBuilder("spangard.websocket.messages")
                .setUnit("{message}")
                .setDescription("Messages of WebSockets that have ended.")
                .build();
        bytes = meter.counterBuilder("spangard.websocket.io")
                .setUnit("By")
                .setDescription("Payload bytes of WebSockets that have ended.")
                .build();
    }

    /**
     * Measures an accepted WebSocket that ended.
     *
     * @param context of the span, for exemplars
     */
    void ended(Exchange exchange, Series series, double seconds, Context context) {
        OptInFacts optIns = exchange.telemetry.optIns;
        SeriesLimit limit = exchange.telemetry.seriesLimit;
        Conversation said = exchange.conversation;
        duration.record(seconds, limit.admitted(optIns.measured(exchange, series.attributes())), context);
        Attributes received = limit.admitted(optIns.measured(exchange, series.received()));
        Attributes sent = limit.admitted(optIns.measured(exchange, series.sent()));
        messages.add(said.webSocket().messagesReceived(), received, context);
        messages.add(said.webSocket().messagesSent(), sent, context);
        bytes.add(said.bytesReceived(), received, context);
        bytes.add(said.bytesSent(), sent, context);
    }
}
