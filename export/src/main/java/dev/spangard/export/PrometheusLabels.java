// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The labels that Prometheus has for a set of attributes. What two attributes tell apart, labels may not: they have no
 * types, an empty one is none, and of a name only ASCII letters, digits and underscores are left. The library refuses a
 * whole instrument for one such series, so they are found before it sees them.
 */
final class PrometheusLabels {
    /** Labels that a series of a histogram or a summary has for itself. */
    private static final Set<String> RESERVED = Set.of("le", "quantile");

    private PrometheusLabels() {}

    /** The labels of {@code attributes}; of several that are written alike the last one's value. */
    static Map<String, String> of(Attributes attributes) {
        Map<String, String> labels = HashMap.newHashMap(attributes.size());
        attributes.forEach((key, value) -> {
            String name = name(key.getKey());
            String text = value.toString();
            if (!name.isEmpty() && !text.isEmpty()) {
                labels.put(name, text);
            }
        });
        return labels;
    }

    /** Whether the library makes {@code labels} of {@code attributes}, too. */
    static boolean areExact(Attributes attributes, Map<String, String> labels) {
        if (labels.size() != attributes.size()) {
            return false;
        }
        boolean[] plain = {true};
        attributes.forEach((key, value) -> plain[0] &= isPlain(key.getKey()));
        return plain[0];
    }

    /** {@code attributes} without those whose names Prometheus cannot write: the library refuses the whole resource. */
    static Attributes writable(Attributes attributes) {
        AttributesBuilder kept = attributes.toBuilder();
        kept.removeIf(key -> name(key.getKey()).isEmpty());
        return kept.build();
    }

    /** The label for an attribute's name; empty if nothing of the name can be written. */
    static String name(String attribute) {
        StringBuilder name = new StringBuilder(attribute.length());
        for (int i = 0; i < attribute.length(); i++) {
            char c = attribute.charAt(i);
            if (isLetter(c) || isDigit(c)) {
                name.append(c);
            } else if (!name.isEmpty() && name.charAt(name.length() - 1) != '_') {
                name.append('_');
            }
        }
        if (!name.isEmpty() && name.charAt(name.length() - 1) == '_') {
            name.setLength(name.length() - 1);
        }
        if (!name.isEmpty() && isDigit(name.charAt(0))) {
            name.insert(0, "key_");
        }
        return RESERVED.contains(name.toString()) ? "exported_" + name : name.toString();
    }

    /** Whether a name is made of words of letters and digits with one dot, dash or underscore between two. */
    private static boolean isPlain(String attribute) {
        boolean separated = true;
        for (int i = 0; i < attribute.length(); i++) {
            char c = attribute.charAt(i);
            if (isLetter(c) || (isDigit(c) && i > 0)) {
                separated = false;
            } else if (separated || (c != '.' && c != '_' && c != '-')) {
                return false;
            } else {
                separated = true;
            }
        }
        return !separated && !RESERVED.contains(attribute);
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
