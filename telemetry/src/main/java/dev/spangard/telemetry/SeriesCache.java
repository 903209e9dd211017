// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * Remembers {@link SeriesKey}s, so that a request like an earlier one allocates none.
 *
 * <p>A table in which a newcomer replaces the older one: bounded whatever routes and errors there are, as only those are
 * remembered whose series is admitted. Thread-safe without locks: outcomes are immutable, and a race only makes one again.
 */
final class SeriesCache {
    private static final int SLOTS = 1024;

    private final @Nullable SeriesKey[] slots = new @Nullable SeriesKey[SLOTS];
    private final SeriesLimit series;

    SeriesCache(SeriesLimit series) {
        this.series = series;
    }

    SeriesKey of(
            String method,
            String scheme,
            @Nullable String httpVersion,
            boolean websocket,
            @Nullable String route,
            int status,
            @Nullable String errorType) {
        int hash = method.hashCode() + 31 * scheme.hashCode() + 961 * status + (websocket ? 7 : 0);
        hash = 31 * hash + (route == null ? 0 : route.hashCode());
        hash = 31 * hash + (errorType == null ? 0 : errorType.hashCode());
        hash = 31 * hash + (httpVersion == null ? 0 : httpVersion.hashCode());
        int slot = (hash * 0x9E3779B9) >>> 22;
        SeriesKey known = slots[slot];
        if (known == null || !known.matches(method, scheme, httpVersion, websocket, route, status, errorType)) {
            known = SeriesKey.of(method, scheme, httpVersion, websocket, route, status, errorType);
            if (series.admitted(known.attributes()).equals(known.attributes())) {
                slots[slot] = known;
            }
        }
        return known;
    }
}
