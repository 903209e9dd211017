// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

/** What OTLP carries here, as its variables and paths name it. */
enum Signal {
    TRACES,
    METRICS;

    /** {@code OTEL_EXPORTER_OTLP_TRACES_ENDPOINT} and so on. */
    String variable(String suffix) {
        return "OTEL_EXPORTER_OTLP_" + name() + "_" + suffix;
    }

    /** Below the common endpoint. */
    String path() {
        return this == TRACES ? "v1/traces" : "v1/metrics";
    }
}
