// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.context.Context;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.UrlAttributes;
import org.jspecify.annotations.Nullable;

/**
 * How many requests, or WebSockets, run at present, by method and scheme.
 *
 * <p>Thread-safe without locks of its own: series are immutable, a newcomer replaces the older one in the table, and a race
 * only makes one again.
 */
final class ActiveCount {
    private static final int SLOTS = 256;

    private final LongUpDownCounter counter;
    private final @Nullable Series[] slots = new @Nullable Series[SLOTS];

    private record Series(String method, String scheme, Attributes attributes) {}

    ActiveCount(LongUpDownCounter counter) {
        this.counter = counter;
    }

    /**
     * Counts one more as active. It is without exemplars, as its end is: whatever span is current then has nothing to
     * do with the count.
     *
     * @return its series, to be given to {@link #ended}
     */
    Attributes begun(String method, String scheme) {
        Attributes series = known(method, scheme);
        if (series == null) {
            series = remember(method, scheme);
        }
        counter.add(1, series, Context.root());
        return series;
    }

    /** Counts one that {@link #begun} counted as active no longer. */
    void ended(Attributes series) {
        counter.add(-1, series, Context.root());
    }

    /**
     * Makes the series exist for a request that was never announced as active: it would add one and take it away in the
     * same breath.
     */
    void ensureSeries(String method, String scheme) {
        if (known(method, scheme) == null) {
            counter.add(0, remember(method, scheme), Context.root());
        }
    }

    private @Nullable Attributes known(String method, String scheme) {
        Series series = slots[slot(method, scheme)];
        return series != null && series.method.equals(method) && series.scheme.equals(scheme)
                ? series.attributes
                : null;
    }

    private Attributes remember(String method, String scheme) {
        Attributes series = Attributes.of(HttpAttributes.HTTP_REQUEST_METHOD, method, UrlAttributes.URL_SCHEME, scheme);
        slots[slot(method, scheme)] = new Series(method, scheme, series);
        return series;
    }

    private static int slot(String method, String scheme) {
        return ((method.hashCode() + 31 * scheme.hashCode()) * 0x9E3779B9) >>> 24;
    }
}
