// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.List;

/**
 * The names that the {@code upstream} profile uses: {@code OTEL_SEMCONV_STABILITY_OPT_IN}, as the Python package reads
 * it.
 */
public enum SemconvMode {
    /** The names from before the HTTP conventions were stable; the default. */
    OLD("https://opentelemetry.io/schemas/1.11.0"),
    /** The stable names: {@code http}. */
    STABLE("https://opentelemetry.io/schemas/1.21.0"),
    /** Both: {@code http/dup}, which wins over {@code http}. */
    BOTH("https://opentelemetry.io/schemas/1.21.0");

    final String schemaUrl;

    SemconvMode(String schemaUrl) {
        this.schemaUrl = schemaUrl;
    }

    /**
     * Returns the mode that the variable asks for.
     *
     * @param optIn its elements; case-sensitive, unknown ones say nothing
     */
    public static SemconvMode of(List<String> optIn) {
        if (optIn.contains("http/dup")) {
            return BOTH;
        }
        return optIn.contains("http") ? STABLE : OLD;
    }

    boolean isOld() {
        return this != STABLE;
    }

    boolean isStable() {
        return this != OLD;
    }
}
