// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Which environment variables mean something here: docs/configuration.md describes them. */
public final class Variables {
    private static final Pattern OTLP = Pattern.compile("OTEL_EXPORTER_OTLP_(?:(?:TRACES|METRICS|LOGS)_)?"
            + "(?:ENDPOINT|PROTOCOL|HEADERS|TIMEOUT|COMPRESSION|CERTIFICATE|CLIENT_CERTIFICATE|CLIENT_KEY|INSECURE)");
    /**
     * The variables of log records, which are made only where {@link Settings#EXCEPTION_SIGNAL_OPT_IN} asks for them.
     */
    private static final Pattern OF_LOGS = Pattern.compile("OTEL_(?:LOGS_EXPORTER|BLRP_.*|EXPORTER_OTLP_LOGS_.*)");

    private static final Pattern EXCLUDED_URLS = Pattern.compile("OTEL_PYTHON_(?:[A-Z0-9_]+_)?EXCLUDED_URLS");
    private static final Set<String> OTHERS = Set.of("""
            OTEL_SDK_DISABLED OTEL_CONFIG_FILE OTEL_LOG_LEVEL OTEL_SERVICE_NAME OTEL_RESOURCE_ATTRIBUTES OTEL_PROPAGATORS
            OTEL_TRACES_SAMPLER OTEL_TRACES_SAMPLER_ARG OTEL_TRACES_EXPORTER OTEL_METRICS_EXPORTER
            OTEL_BSP_SCHEDULE_DELAY OTEL_BSP_MAX_QUEUE_SIZE OTEL_BSP_MAX_EXPORT_BATCH_SIZE OTEL_BSP_EXPORT_TIMEOUT
            OTEL_METRIC_EXPORT_INTERVAL OTEL_METRIC_EXPORT_TIMEOUT OTEL_METRICS_EXEMPLAR_FILTER
            OTEL_EXPORTER_PROMETHEUS_HOST OTEL_EXPORTER_PROMETHEUS_PORT
            OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION
            OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT OTEL_ATTRIBUTE_COUNT_LIMIT OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT
            OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT OTEL_SPAN_EVENT_COUNT_LIMIT OTEL_SPAN_LINK_COUNT_LIMIT
            OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT OTEL_LINK_ATTRIBUTE_COUNT_LIMIT
            OTEL_SEMCONV_STABILITY_OPT_IN OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN
            OTEL_LOGS_EXPORTER OTEL_BLRP_SCHEDULE_DELAY OTEL_BLRP_MAX_QUEUE_SIZE OTEL_BLRP_MAX_EXPORT_BATCH_SIZE
            OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS
            OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST
            OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE
            OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS
            OTEL_INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS
            """.strip().split("\\s+"));

    private static final Predicate<String> SECRET = Pattern.compile(
                    "HEADERS$|KEY$|TOKEN|PASSWORD|SECRET|CONFIGURATION$")
            .asPredicate()
            .and(name -> !name.contains("CAPTURE_HEADERS"));
    private static final Pattern USER_INFO = Pattern.compile("(://)[^/@]*@");
    private static final Pattern HEADER_VALUE = Pattern.compile("=[^,]*");

    private Variables() {}

    /** Returns the names of those {@code OTEL_…} variables that are set and do nothing, in order. */
    public static List<String> withoutEffect(Map<String, String> settings) {
        return settings.entrySet().stream()
                .filter(set ->
                        set.getKey().startsWith("OTEL_") && !set.getValue().isBlank())
                .map(Map.Entry::getKey)
                .filter(name -> !isKnown(name)
                        || (OF_LOGS.matcher(name).matches()
                                && settings.getOrDefault(Settings.EXCEPTION_SIGNAL_OPT_IN, "")
                                        .isBlank()))
                .sorted()
                .collect(Collectors.toList());
    }

    /** Whether a variable of this name means something here. */
    public static boolean isKnown(String name) {
        return OTHERS.contains(name)
                || OTLP.matcher(name).matches()
                || EXCLUDED_URLS.matcher(name).matches()
                || name.startsWith("SPANGARD_");
    }

    /** Returns the value as it may be shown: what may be a secret is {@code ***}. */
    public static String shown(String name, String value) {
        String upper = name.toUpperCase(Locale.ROOT);
        if (upper.endsWith("_CLIENT_KEY")) {
            return value; // a path
        }
        if (SECRET.test(upper)) {
            return upper.endsWith("HEADERS") && value.contains("=")
                    ? HEADER_VALUE.matcher(value).replaceAll("=***")
                    : "***";
        }
        return Settings.shortened(USER_INFO.matcher(value).replaceAll("$1***@"));
    }
}
