// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.export.MemoryLimit;
import dev.spangard.telemetry.SeriesLimit;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Limits how many series a service's measurements make: to those that its own limit lets be, and that fit into the
 * memory which all services share. The SDK counts series, and a client or an application may make each as long as a
 * text may be. Further ones are the series with {@code otel.metric.overflow}, as the SDK's own are. Thread-safe.
 */
final class ServiceSeriesLimit implements SeriesLimit {
    static final Attributes OVERFLOW = Attributes.of(AttributeKey.booleanKey("otel.metric.overflow"), true);

    /** The bytes of a histogram, with its buckets and the places for their exemplars, for one reader. */
    static final int HISTOGRAM_BYTES = 1024;

    private static final int HISTOGRAMS = 3;
    private static final int RECENT = 1024;
    /** A WebSocket is measured with three sets of attributes, and several instruments have sets of their own. */
    private static final int SETS_PER_SERIES = 4;

    private final int limit;
    private final int readers;
    private final MemoryLimit memory;
    private final Set<Attributes> known = ConcurrentHashMap.newKeySet();
    /**
     * The known sets of attributes that came last, the very objects, which come again and again. Races only look once
     * more.
     */
    private final @Nullable Attributes[] recent = new @Nullable Attributes[RECENT];

    private long taken; // guarded by this

    /**
     * Makes the limit of one service.
     *
     * @param limit of the SDK, which keeps to it by itself: here it bounds what is remembered
     * @param readers each of which has series of its own
     * @param memory that all services share; {@link #close} gives back what was taken
     */
    ServiceSeriesLimit(int limit, int readers, MemoryLimit memory) {
        this.limit = limit;
        this.readers = readers;
        this.memory = memory;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // what is another object may still be known
    public Attributes admitted(Attributes attributes) {
        int slot = System.identityHashCode(attributes) & (RECENT - 1);
        if (recent[slot] == attributes) {
            return attributes;
        }
        if (!known.contains(attributes) && !admit(attributes)) {
            return OVERFLOW;
        }
        recent[slot] = attributes;
        return attributes;
    }

    private synchronized boolean admit(Attributes attributes) {
        int bytes = bytes(attributes);
        if (known.contains(attributes)) {
            return true;
        }
        if (known.size() >= SETS_PER_SERIES * limit || !memory.take(bytes, taken)) {
            return false;
        }
        taken += bytes;
        return known.add(attributes);
    }

    private int bytes(Attributes attributes) {
        int[] texts = {0};
        attributes.forEach(
                (key, value) -> texts[0] += 100 + 4 * value.toString().length());
        return HISTOGRAMS * readers * HISTOGRAM_BYTES + texts[0];
    }

    /** Gives the memory back: no more measurements will come. */
    synchronized void close() {
        memory.give(taken);
        taken = 0;
    }
}
