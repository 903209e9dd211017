// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.export.ApplicationOutput;
import dev.spangard.export.BatchQueueOptions;
import dev.spangard.export.LogExporters;
import dev.spangard.export.MetricReaders;
import dev.spangard.export.Rollback;
import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.Settings;
import dev.spangard.telemetry.ExceptionSignal;
import dev.spangard.telemetry.OptIn;
import dev.spangard.telemetry.SemconvMode;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.TrustedProxies;
import io.opentelemetry.sdk.trace.SpanLimits;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Reads what the variables of an application say of its SDK, beside its exporters. */
final class SdkSettings {
    private SdkSettings() {}

    static TelemetryOptions telemetry(Settings settings) throws ConfigurationException {
        List<String> methods = settings.list("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS");
        List<String> sensitive =
                settings.list("OTEL_INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS");
        int length = settings.whole(
                "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                settings.whole(
                        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT, 0),
                0);
        return new TelemetryOptions(
                methods == null ? TelemetryOptions.DEFAULT_KNOWN_METHODS : Set.copyOf(methods),
                sensitive == null ? TelemetryOptions.DEFAULT_SENSITIVE_QUERY_PARAMETERS : Set.copyOf(sensitive),
                length,
                settings.isTrue("SPANGARD_WORKER_PID"),
                read(settings, "SPANGARD_TRUSTED_PROXIES", TrustedProxies::of),
                read(settings, "SPANGARD_ATTRIBUTES", OptIn::of),
                exceptions(settings),
                settings.whole("SPANGARD_WEBSOCKET_EVENTS", 0, 0));
    }

    /** Reads as which signal an exception is recorded. */
    static ExceptionSignal exceptions(Settings settings) {
        return ExceptionSignal.of(elements(settings, Settings.EXCEPTION_SIGNAL_OPT_IN));
    }

    /** Reads a list that {@code from} understands; what that does not is an exception. */
    private static <T> T read(Settings settings, String name, Function<List<String>, T> from)
            throws ConfigurationException {
        try {
            return from.apply(elements(settings, name));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(name + ": " + e.getMessage());
        }
    }

    /** Reads by which conventions the {@code upstream} profile names things. */
    static SemconvMode semconvMode(Settings settings) {
        return SemconvMode.of(elements(settings, "OTEL_SEMCONV_STABILITY_OPT_IN"));
    }

    private static List<String> elements(Settings settings, String name) {
        List<String> elements = settings.list(name);
        return elements == null ? List.of() : elements;
    }

    /** Whether the {@code upstream} profile tells methods as they are, known or not. */
    static boolean capturesAllMethods(Settings settings) {
        return settings.isTrue("OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS");
    }

    /** Reads all that {@link ServiceAssembly} does but the exporters of spans, for the warnings. */
    static void check(Settings settings) throws ConfigurationException {
        settings.attributes("OTEL_RESOURCE_ATTRIBUTES");
        TelemetryOptions options = telemetry(settings);
        limits(settings, options.attributeValueLengthLimit());
        capturesAllMethods(settings);
        BatchQueueOptions.ofSpans(settings);
        MetricReaders.exemplars(settings);
        MetricReaders.cardinality(settings);
        try (var undo = new Rollback();
                var output = new ApplicationOutput(false)) {
            MetricReaders.read("", settings, output, false, undo);
            if (options.exceptions().inLogs()) {
                LogExporters.read("", settings, undo);
                LogExporters.queue(settings);
            }
        }
    }

    /**
     * Reads the limits of a span.
     *
     * @param valueLength characters of an attribute's value
     */
    static SpanLimits limits(Settings settings, int valueLength) {
        int attributes = settings.whole("OTEL_ATTRIBUTE_COUNT_LIMIT", 128, 0);
        return SpanLimits.builder()
                .setMaxAttributeValueLength(valueLength)
                .setMaxNumberOfAttributes(settings.whole("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", attributes, 0))
                .setMaxNumberOfAttributesPerEvent(settings.whole("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", attributes, 0))
                .setMaxNumberOfAttributesPerLink(settings.whole("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", attributes, 0))
                .setMaxNumberOfEvents(settings.whole("OTEL_SPAN_EVENT_COUNT_LIMIT", 128, 0))
                .setMaxNumberOfLinks(settings.whole("OTEL_SPAN_LINK_COUNT_LIMIT", 128, 0))
                .build();
    }
}
