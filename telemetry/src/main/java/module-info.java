// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
/** OpenTelemetry spans and metrics of ASGI applications. */
// OpenTelemetry's jars have names as modules, but are none yet.
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module dev.spangard.telemetry {
    requires transitive dev.spangard.asgi;
    requires transitive io.opentelemetry.api;
    requires transitive io.opentelemetry.context;
    requires io.opentelemetry.common;
    requires io.opentelemetry.semconv;
    requires static transitive org.jspecify;

    exports dev.spangard.telemetry;
}
