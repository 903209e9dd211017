// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.util.Locale;

/** What OTLP carries here, as its variables and paths name it. */
public enum Signal {
    TRACES,
    METRICS,
    LOGS;

    /** Returns the name of a variable of this signal: {@code OTEL_EXPORTER_OTLP_TRACES_ENDPOINT} and so on. */
    String variable(String suffix) {
        return "OTEL_EXPORTER_OTLP_" + name() + "_" + suffix;
    }

    /** Returns the path of this signal below the common endpoint (OTLP/HTTP, Request). */
    String path() {
        return "v1/" + name().toLowerCase(Locale.ROOT);
    }
}
