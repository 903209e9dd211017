// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.context.Context;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The instruments of the {@code upstream} profile (PARITY 3). Thread-safe. */
final class UpstreamMetrics {
    /** The most series of active requests that are remembered to exist. */
    private static final int MAX_EXISTING = 256;

    private final SemconvMode mode;
    private final SeriesLimit limit;
    private final LongUpDownCounter active;
    private final @Nullable Old old;
    private final @Nullable Stable stable;
    private final Set<Attributes> existing = ConcurrentHashMap.newKeySet();

    private record Old(LongHistogram duration, LongHistogram responseSize, LongHistogram requestSize) {}

    private record Stable(DoubleHistogram duration, LongHistogram responseSize, LongHistogram requestSize) {}

    UpstreamMetrics(Meter meter, SemconvMode mode, SeriesLimit limit) {
        this.mode = mode;
        this.limit = limit;
        active = meter.upDownCounterBuilder("http.server.active_requests")
                .setUnit("{request}")
                .setDescription("Number of active HTTP server requests.")
                .build();
        old = !mode.isOld()
                ? null
                : new Old(
                        longs(meter, "http.server.duration", "ms", "Measures the duration of inbound HTTP requests."),
                        longs(
                                meter,
                                "http.server.response.size",
                                "By",
                                "measures the size of HTTP response messages (compressed)."),
                        longs(
                                meter,
                                "http.server.request.size",
                                "By",
                                "Measures the size of HTTP request messages (compressed)."));
        stable = !mode.isStable()
                ? null
                : new Stable(
                        meter.histogramBuilder("http.server.request.duration")
                                .setUnit("s")
                                .setDescription("Duration of HTTP server requests.")
                                .setExplicitBucketBoundariesAdvice(Measurements.DURATION_BUCKETS_S)
                                .build(),
                        longs(meter, "http.server.response.body.size", "By", "Size of HTTP server response bodies."),
                        longs(meter, "http.server.request.body.size", "By", "Size of HTTP server request bodies."));
    }

    /** Makes a histogram in the SDK's default buckets, as upstream gives none. */
    private static LongHistogram longs(Meter meter, String name, String unit, String description) {
        return meter.histogramBuilder(name)
                .setUnit(unit)
                .setDescription(description)
                .ofLongs()
                .build();
    }

    /**
     * Counts active requests.
     *
     * @param attributes of the request's start
     */
    void active(int change, Attributes attributes) {
        Set<String> names = mode.isOld() ? UpstreamNames.OF_OLD_ACTIVE : UpstreamNames.OF_ACTIVE;
        AttributesBuilder series = only(names, attributes);
        if (mode == SemconvMode.BOTH) {
            series.putAll(only(UpstreamNames.OF_ACTIVE, attributes).build());
        }
        Attributes made = limit.admitted(series.build());
        if (change != 0) {
            active.add(change, made);
        } else if (!existing.contains(made)) {
            // The series is to exist although the request was too short to be announced as active.
            active.add(0, made);
            if (existing.size() < MAX_EXISTING) {
                existing.add(made);
            }
        }
    }

    /**
     * Measures a request that is over.
     *
     * @param attributes of the span, its status code among them
     * @param bytesSent of the response's body, as transferred; {@link Conversation#UNKNOWN} are not measured
     * @param context of the span, for exemplars
     */
    void ended(Attributes attributes, UpstreamResult result, long bytesSent, double seconds, Context context) {
        if (old != null) {
            AttributesBuilder series = only(UpstreamNames.OF_OLD_DURATION, attributes);
            if (result.target() != null) {
                series.put(UpstreamNames.HTTP_TARGET, result.target());
            }
            Attributes made = limit.admitted(series.build());
            old.duration().record((long) Math.rint(seconds * 1000), made, context);
            if (bytesSent >= 0) {
                old.responseSize().record(bytesSent, made, context);
            }
            old.requestSize().record(result.bytesReceived(), made, context);
        }
        if (stable != null) {
            Attributes made =
                    limit.admitted(only(UpstreamNames.OF_DURATION, attributes).build());
            stable.duration().record(seconds, made, context);
            if (bytesSent >= 0) {
                stable.responseSize().record(bytesSent, made, context);
            }
            stable.requestSize().record(result.bytesReceived(), made, context);
        }
    }

    @SuppressWarnings("unchecked")
    private static AttributesBuilder only(Set<String> names, Attributes attributes) {
        AttributesBuilder kept = Attributes.builder();
        attributes.forEach((key, value) -> {
            if (names.contains(key.getKey())) {
                kept.put((AttributeKey<Object>) key, value);
            }
        });
        return kept;
    }
}
