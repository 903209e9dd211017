// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.context.Context;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.UrlAttributes;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The instruments of one service (semantic conventions, HTTP server metrics). Thread-safe. */
final class Measurements {
    /** The buckets the semantic conventions give. */
    static final List<Double> DURATION_BUCKETS_S =
            List.of(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0);

    /** Powers of four from 64 bytes to 64 MiB: empty, small, a page, a download. */
    private static final List<Long> SIZE_BUCKETS_BYTES = List.of(
            0L, 64L, 256L, 1L << 10, 1L << 12, 1L << 14, 1L << 16, 1L << 18, 1L << 20, 1L << 22, 1L << 24, 1L << 26);

    /** Distinct methods and schemes remembered. */
    private static final int MAX_ACTIVE_SETS = 256;

    private final DoubleHistogram duration;
    private final LongHistogram requestSize;
    private final LongHistogram responseSize;
    private final LongUpDownCounter active;
    private final Map<String, Map<String, Attributes>> activeSets = new ConcurrentHashMap<>();

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
        active = meter.upDownCounterBuilder("http.server.active_requests")
                .setUnit("{request}")
                .setDescription("Number of active HTTP server requests.")
                .build();
    }

    /**
     * A request ended.
     *
     * @param context of the span, for exemplars
     */
    void ended(Attributes attributes, double seconds, long requestBytes, long responseBytes, Context context) {
        duration.record(seconds, attributes, context);
        requestSize.record(requestBytes, attributes, context);
        responseSize.record(responseBytes, attributes, context);
    }

    void active(int change, String method, String scheme) {
        active.add(change, activeSet(method, scheme));
    }

    /**
     * Makes the series of active requests exist for a request that was never announced as active: it would add one and
     * take it away in the same breath.
     */
    void passed(String method, String scheme) {
        Map<String, Attributes> ofMethod = activeSets.get(method);
        if (ofMethod == null || !ofMethod.containsKey(scheme)) {
            active.add(0, activeSet(method, scheme));
        }
    }

    private Attributes activeSet(String method, String scheme) {
        Map<String, Attributes> ofMethod = activeSets.get(method);
        Attributes known = ofMethod == null ? null : ofMethod.get(scheme);
        if (known != null) {
            return known;
        }
        Attributes made = Attributes.of(HttpAttributes.HTTP_REQUEST_METHOD, method, UrlAttributes.URL_SCHEME, scheme);
        ofMethod = activeSets.computeIfAbsent(method, key -> new ConcurrentHashMap<>());
        if (ofMethod.size() < MAX_ACTIVE_SETS) {
            ofMethod.put(scheme, made);
        }
        return made;
    }
}
