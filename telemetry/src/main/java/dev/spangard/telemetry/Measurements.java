// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.context.Context;
import java.util.List;

/** The HTTP instruments of one service (semantic conventions, HTTP server metrics). Thread-safe. */
final class Measurements {
    /** The buckets that the semantic conventions give, in seconds. */
    static final List<Double> DURATION_BUCKETS_S =
            List.of(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0);

    /**
     * The buckets of sizes: powers of four from 64 bytes to 64 MiB, so that empty, small, a page and a download differ.
     */
    private static final List<Long> SIZE_BUCKETS_BYTES = List.of(
            0L, 64L, 256L, 1L << 10, 1L << 12, 1L << 14, 1L << 16, 1L << 18, 1L << 20, 1L << 22, 1L << 24, 1L << 26);

    private final DoubleHistogram duration;
    private final LongHistogram requestSize;
    private final LongHistogram responseSize;
    final ActiveCount active;

    Measurements(Meter meter) {
        duration = meter.histogramBuilder("http.server.request.duration")
                .setUnit("s")
                .setDescription("Duration of HTTP server requests.")
                .setExplicitBucketBoundariesAdvice(DURATION_BUCKETS_S)
                .build();
        requestSize = meter.histogramBuilder("http.server.request.body.size")
                .setUnit("By")
                .setDescription("Size of HTTP server request bodies.")
                .ofLongs()
                .setExplicitBucketBoundariesAdvice(SIZE_BUCKETS_BYTES)
                .build();
        responseSize = meter.histogramBuilder("http.server.response.body.size")
                .setUnit("By")
                .setDescription("Size of HTTP server response bodies.")
                .ofLongs()
                .setExplicitBucketBoundariesAdvice(SIZE_BUCKETS_BYTES)
                .build();
        active = new ActiveCount(meter.upDownCounterBuilder("http.server.active_requests")
                .setUnit("{request}")
                .setDescription("Number of active HTTP server requests.")
                .build());
    }

    /**
     * Measures a request that ended.
     *
     * @param responseBytes {@link Conversation#UNKNOWN} are not measured
     * @param context of the span, for exemplars
     */
    void ended(Attributes attributes, double seconds, long requestBytes, long responseBytes, Context context) {
        duration.record(seconds, attributes, context);
        requestSize.record(requestBytes, attributes, context);
        if (responseBytes >= 0) {
            responseSize.record(responseBytes, attributes, context);
        }
    }
}
