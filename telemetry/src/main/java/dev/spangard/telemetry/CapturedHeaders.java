// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Header lines as {@code http.request.header.<name>} attributes: the name in lower case with its dashes, one array
 * element per line. Thread-safe.
 */
final class CapturedHeaders {
    /** The most lines of one request or response; further ones are left out. */
    static final int MAX_LINES = 128;

    /** The most names that are remembered; with more, keys are made anew each time. */
    private static final int MAX_KEYS = 64;
    /** The most characters of a name that is remembered. */
    private static final int MAX_NAME = 128;

    private final String prefix;
    private final boolean underscores;
    private final Map<String, AttributeKey<List<String>>> keys = new ConcurrentHashMap<>();

    CapturedHeaders(String prefix) {
        this(prefix, false);
    }

    private CapturedHeaders(String prefix, boolean underscores) {
        this.prefix = prefix;
        this.underscores = underscores;
    }

    /** Makes keys with underscores in place of dashes, as the conventions had it before they were stable. */
    static CapturedHeaders underscored(String prefix) {
        return new CapturedHeaders(prefix, true);
    }

    /**
     * Gives each attribute to {@code sink}.
     *
     * @param headers name, value, name, value …
     */
    void forEach(List<String> headers, TextLimit limit, BiConsumer<AttributeKey<List<String>>, List<String>> sink) {
        if (headers.isEmpty()) {
            return;
        }
        Map<AttributeKey<List<String>>, List<String>> lines = new LinkedHashMap<>();
        int end = Math.min(headers.size() & ~1, 2 * MAX_LINES);
        for (int i = 0; i < end; i += 2) {
            if (Forwarded.isMarked(headers.get(i))) {
                continue;
            }
            lines.computeIfAbsent(key(headers.get(i)), key -> new ArrayList<>(1))
                    .add(limit.cut(headers.get(i + 1)));
        }
        lines.forEach(sink);
    }

    private AttributeKey<List<String>> key(String name) {
        AttributeKey<List<String>> key = keys.get(name);
        if (key == null) {
            String lower = name.toLowerCase(Locale.ROOT);
            key = AttributeKey.stringArrayKey(prefix + (underscores ? lower.replace('-', '_') : lower));
            if (keys.size() < MAX_KEYS && name.length() <= MAX_NAME) {
                keys.put(name, key);
            }
        }
        return key;
    }
}
