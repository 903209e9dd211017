// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.util.Locale;

/** What OTLP carries here, as its variables and paths name it. */
public enum Signal {
    TRACES,
    METRICS,
    LOGS;

    /** {@code OTEL_EXPORTER_OTLP_TRACES_ENDPOINT} and so on. */
    String variable(String suffix) {
        return "OTEL_EXPORTER_OTLP_" + name() + "_" + suffix;
    }

    /** Below the common endpoint. */
    String path() {
        return "v1/" + name().toLowerCase(Locale.ROOT);
    }
}
