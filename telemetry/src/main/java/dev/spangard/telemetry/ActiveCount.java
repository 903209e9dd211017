// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.UrlAttributes;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How many requests, or WebSockets, run at present, by method and scheme. Thread-safe. */
final class ActiveCount {
    /** Distinct schemes of a method remembered. */
    private static final int MAX_SETS = 256;

    private final LongUpDownCounter counter;
    private final Map<String, Map<String, Attributes>> sets = new ConcurrentHashMap<>();

    ActiveCount(LongUpDownCounter counter) {
        this.counter = counter;
    }

    void add(int change, String method, String scheme) {
        counter.add(change, set(method, scheme));
    }

    /**
     * Makes the series exist for a request that was never announced as active: it would add one and take it away in the
     * same breath.
     */
    void passed(String method, String scheme) {
        Map<String, Attributes> ofMethod = sets.get(method);
        if (ofMethod == null || !ofMethod.containsKey(scheme)) {
            counter.add(0, set(method, scheme));
        }
    }

    private Attributes set(String method, String scheme) {
        Map<String, Attributes> ofMethod = sets.get(method);
        Attributes known = ofMethod == null ? null : ofMethod.get(scheme);
        if (known != null) {
            return known;
        }
        Attributes made = Attributes.of(HttpAttributes.HTTP_REQUEST_METHOD, method, UrlAttributes.URL_SCHEME, scheme);
        ofMethod = sets.computeIfAbsent(method, key -> new ConcurrentHashMap<>());
        if (ofMethod.size() < MAX_SETS) {
            ofMethod.put(scheme, made);
        }
        return made;
    }
}
