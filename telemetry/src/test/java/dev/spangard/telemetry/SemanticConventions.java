// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.AttributeType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The published registry of the semantic conventions, as far as it is about HTTP servers: http-server-conventions.tsv. */
final class SemanticConventions {
    private final Map<String, Convention> byName = load();

    /** Type of an attribute, and its requirement level on spans and on metrics: {@code -} where it does not belong. */
    record Convention(String type, String onSpans, String onMetrics) {}

    /** What the registry has of an attribute; null if it does not know it. */
    @Nullable
    Convention find(String name) {
        return byName.get(template(name));
    }

    void forEach(BiConsumer<String, Convention> each) {
        byName.forEach(each);
    }

    private static String template(String name) {
        for (String prefix : List.of("http.request.header.", "http.response.header.")) {
            if (name.startsWith(prefix)) {
                return prefix + "*";
            }
        }
        return name;
    }

    /** A type as the registry writes it. */
    static String type(AttributeType type) {
        return switch (type) {
            case STRING -> "string";
            case LONG -> "int";
            case DOUBLE -> "double";
            case BOOLEAN -> "boolean";
            case STRING_ARRAY -> "string[]";
            default -> type.name();
        };
    }

    private static Map<String, Convention> load() {
        Map<String, Convention> conventions = new HashMap<>();
        var table = SemanticConventions.class.getResourceAsStream("/http-server-conventions.tsv");
        try (var lines =
                new BufferedReader(new InputStreamReader(Objects.requireNonNull(table), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] cells = line.split("\t", -1);
                if (!line.startsWith("#")) {
                    conventions.put(cells[0], new Convention(cells[1], cells[2], cells[3]));
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return conventions;
    }
}
