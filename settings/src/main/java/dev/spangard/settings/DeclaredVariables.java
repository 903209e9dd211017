// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which environment variable says what a node of the declarative configuration says (opentelemetry-configuration, schema
 * 1.0). Names of keys are the schema's.
 */
final class DeclaredVariables {
    private static final Pattern SPECIAL = Pattern.compile("[.*+^|$]");

    private final Map<String, String> variables;

    private DeclaredVariables(Map<String, String> variables) {
        this.variables = variables;
    }

    /** Puts the variables into a map that say what the document with this root says. */
    static void collect(YamlNode root, Map<String, String> variables) {
        var declared = new DeclaredVariables(variables);
        declared.put("OTEL_SDK_DISABLED", root.text("disabled"));
        declared.put("OTEL_LOG_LEVEL", root.text("log_level"));
        YamlNode limits = root.map("attribute_limits");
        declared.put("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", limits.text("attribute_value_length_limit"));
        declared.put("OTEL_ATTRIBUTE_COUNT_LIMIT", limits.text("attribute_count_limit"));
        declared.resource(root.map("resource"));
        declared.propagators(root.map("propagator"));
        declared.traces(root.map("tracer_provider"));
        declared.metrics(root.map("meter_provider"));
        declared.instrumentation(root.map("instrumentation/development"));
    }

    private void resource(YamlNode resource) {
        var pairs = new StringJoiner(",");
        String list = resource.text("attributes_list");
        if (list != null) {
            pairs.add(list);
        }
        for (YamlNode attribute : resource.maps("attributes")) {
            String name = attribute.text("name");
            String value = attribute.text("value");
            attribute.text("type");
            if (name != null && value != null) {
                pairs.add(pair(name, value));
            }
        }
        put("OTEL_RESOURCE_ATTRIBUTES", pairs.toString());
    }

    private void propagators(YamlNode propagator) {
        List<String> names = new ArrayList<>();
        for (YamlNode one : propagator.maps("composite")) {
            names.addAll(one.keys());
            one.keys().forEach(one::text);
        }
        String list = propagator.text("composite_list");
        if (list != null) {
            names.add(list);
        }
        // Without any the specification has none, not the default
        put("OTEL_PROPAGATORS", names.isEmpty() ? "none" : String.join(",", names));
    }

    private void traces(YamlNode provider) {
        List<String> exporters = new ArrayList<>();
        for (YamlNode processor : provider.maps("processors")) {
            if (processor.has("batch")) {
                YamlNode batch = processor.map("batch");
                put("OTEL_BSP_SCHEDULE_DELAY", batch.text("schedule_delay"));
                put("OTEL_BSP_EXPORT_TIMEOUT", batch.text("export_timeout"));
                put("OTEL_BSP_MAX_QUEUE_SIZE", batch.text("max_queue_size"));
                put("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", batch.text("max_export_batch_size"));
                exporters.addAll(exporter(batch.map("exporter"), Signal.TRACES));
            } else if (processor.has("simple")) {
                exporters.addAll(exporter(processor.map("simple").map("exporter"), Signal.TRACES));
            }
        }
        put("OTEL_TRACES_EXPORTER", exporters.isEmpty() ? "none" : String.join(",", exporters));
        YamlNode limits = provider.map("limits");
        put("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", limits.text("attribute_value_length_limit"));
        put("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", limits.text("attribute_count_limit"));
        put("OTEL_SPAN_EVENT_COUNT_LIMIT", limits.text("event_count_limit"));
        put("OTEL_SPAN_LINK_COUNT_LIMIT", limits.text("link_count_limit"));
        put("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", limits.text("event_attribute_count_limit"));
        put("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", limits.text("link_attribute_count_limit"));
        sampler(provider.map("sampler"), "");
    }

    private void sampler(YamlNode sampler, String prefix) {
        if (sampler.has("parent_based") && prefix.isEmpty()) {
            YamlNode root = sampler.map("parent_based").map("root");
            if (root.choice() == null) {
                put("OTEL_TRACES_SAMPLER", "parentbased_always_on");
            } else {
                sampler(root, "parentbased_");
            }
        } else if (sampler.has("trace_id_ratio_based")) {
            put("OTEL_TRACES_SAMPLER", prefix + "traceidratio");
            put("OTEL_TRACES_SAMPLER_ARG", sampler.map("trace_id_ratio_based").text("ratio"));
        } else {
            for (String name : List.of("always_on", "always_off")) {
                if (sampler.has(name)) {
                    sampler.map(name);
                    put("OTEL_TRACES_SAMPLER", prefix + name);
                }
            }
        }
    }

    private void metrics(YamlNode provider) {
        List<String> exporters = new ArrayList<>();
        for (YamlNode reader : provider.maps("readers")) {
            if (reader.has("periodic")) {
                YamlNode periodic = reader.map("periodic");
                put("OTEL_METRIC_EXPORT_INTERVAL", periodic.text("interval"));
                put("OTEL_METRIC_EXPORT_TIMEOUT", periodic.text("timeout"));
                cardinality(periodic);
                exporters.addAll(exporter(periodic.map("exporter"), Signal.METRICS));
            } else if (reader.has("pull")) {
                YamlNode pull = reader.map("pull");
                cardinality(pull);
                YamlNode exporter = pull.map("exporter");
                if (exporter.has("prometheus/development")) {
                    YamlNode prometheus = exporter.map("prometheus/development");
                    exporters.add("prometheus");
                    put("OTEL_EXPORTER_PROMETHEUS_HOST", prometheus.text("host"));
                    put("OTEL_EXPORTER_PROMETHEUS_PORT", prometheus.text("port"));
                }
            }
        }
        put("OTEL_METRICS_EXPORTER", exporters.isEmpty() ? "none" : String.join(",", exporters));
        put("OTEL_METRICS_EXEMPLAR_FILTER", provider.text("exemplar_filter"));
    }

    /** Takes one limit for all readers and instruments: that of the last reader that has one. */
    private void cardinality(YamlNode reader) {
        put(Settings.CARDINALITY_LIMIT, reader.map("cardinality_limits").text("default"));
    }

    /** Returns what {@code OTEL_…_EXPORTER} calls the exporter; nothing for one that there is none of. */
    private List<String> exporter(YamlNode exporter, Signal signal) {
        for (String name : List.of("otlp_http", "otlp_grpc")) {
            if (exporter.has(name)) {
                otlp(exporter.map(name), signal, name.equals("otlp_grpc") ? "grpc" : "http/protobuf");
                return List.of("otlp");
            }
        }
        if (exporter.has("console")) {
            exporter.map("console");
            return List.of("console");
        }
        return List.of();
    }

    private void otlp(YamlNode otlp, Signal signal, String protocol) {
        put(signal.variable("PROTOCOL"), protocol);
        put(signal.variable("ENDPOINT"), otlp.text("endpoint"));
        put(signal.variable("TIMEOUT"), otlp.text("timeout"));
        put(signal.variable("COMPRESSION"), otlp.text("compression"));
        YamlNode tls = otlp.map("tls");
        put(signal.variable("CERTIFICATE"), tls.text("ca_file"));
        put(signal.variable("CLIENT_KEY"), tls.text("key_file"));
        put(signal.variable("CLIENT_CERTIFICATE"), tls.text("cert_file"));
        put(signal.variable("INSECURE"), tls.text("insecure"));
        put("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", otlp.text("temporality_preference"));
        put("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", otlp.text("default_histogram_aggregation"));
        var headers = new StringJoiner(",");
        String list = otlp.text("headers_list");
        if (list != null) {
            headers.add(list);
        }
        for (YamlNode header : otlp.maps("headers")) {
            String name = header.text("name");
            String value = header.text("value");
            if (name != null && value != null) {
                headers.add(pair(name, value));
            }
        }
        put(signal.variable("HEADERS"), headers.toString());
    }

    private void instrumentation(YamlNode instrumentation) {
        YamlNode server = instrumentation.map("general").map("http").map("server");
        put(
                "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST",
                names(server.texts("request_captured_headers")));
        put(
                "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE",
                names(server.texts("response_captured_headers")));
        put("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", String.join(",", server.texts("known_methods")));
    }

    /** Makes the regular expressions of the variable from the names that the file has. */
    private static String names(List<String> headers) {
        return String.join(
                ",",
                headers.stream()
                        .map(name -> SPECIAL.matcher(name).replaceAll("\\\\$0"))
                        .toList());
    }

    private static String pair(String name, String value) {
        return name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private void put(String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            variables.put(name, value);
        }
    }
}
