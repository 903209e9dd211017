// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationFileTest {
    @TempDir
    Path directory;

    private final List<String> warnings = new ArrayList<>();

    private Map<String, String> read(String yaml, Map<String, String> environment) throws Exception {
        return ConfigurationFile.read(file(yaml).toString(), environment, warnings::add);
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("otel.yaml"), yaml);
    }

    @Test
    void saysWhatTheVariablesSay() throws Exception {
        Map<String, String> variables = read("""
                file_format: "1.0"
                disabled: false
                log_level: debug
                attribute_limits: {attribute_value_length_limit: 100, attribute_count_limit: 20}
                resource:
                  attributes_list: a=b
                  attributes:
                    - {name: service.name, value: shop, type: string}
                    - {name: note, value: "one, two=3"}
                propagator:
                  composite: [{tracecontext: }, {baggage: }]
                  composite_list: b3,xray
                tracer_provider:
                  processors:
                    - batch:
                        schedule_delay: 200
                        export_timeout: 3000
                        max_queue_size: 100
                        max_export_batch_size: 50
                        exporter:
                          otlp_http:
                            endpoint: http://collector:4318/v1/traces
                            timeout: 5000
                            compression: gzip
                            headers: [{name: authorization, value: Bearer s3cret}]
                            headers_list: x=y
                            tls: {ca_file: /ca, key_file: /key, cert_file: /cert}
                    - simple: {exporter: {console: }}
                  limits: {event_count_limit: 3, link_count_limit: 4, attribute_count_limit: 5}
                  sampler: {parent_based: {root: {trace_id_ratio_based: {ratio: 0.25}}}}
                meter_provider:
                  readers:
                    - periodic:
                        interval: 1000
                        timeout: 900
                        cardinality_limits: {default: 300}
                        exporter:
                          otlp_grpc:
                            endpoint: http://collector:4317
                            tls: {insecure: true}
                            temporality_preference: delta
                            default_histogram_aggregation: base2_exponential_bucket_histogram
                    - pull: {exporter: {prometheus/development: {host: 0.0.0.0, port: 9999}}}
                  exemplar_filter: always_off
                instrumentation/development:
                  general:
                    http:
                      server:
                        request_captured_headers: [x-shop, "x.y"]
                        response_captured_headers: [etag]
                        known_methods: [GET, POST]
                """, Map.of());

        assertThat(warnings).isEmpty();
        assertThat(variables)
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("OTEL_SDK_DISABLED", "false"),
                        Map.entry("OTEL_LOG_LEVEL", "debug"),
                        Map.entry("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"),
                        Map.entry("OTEL_ATTRIBUTE_COUNT_LIMIT", "20"),
                        Map.entry("OTEL_RESOURCE_ATTRIBUTES", "a=b,service.name=shop,note=one%2C%20two%3D3"),
                        Map.entry("OTEL_PROPAGATORS", "tracecontext,baggage,b3,xray"),
                        Map.entry("OTEL_BSP_SCHEDULE_DELAY", "200"),
                        Map.entry("OTEL_BSP_EXPORT_TIMEOUT", "3000"),
                        Map.entry("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
                        Map.entry("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "50"),
                        Map.entry("OTEL_TRACES_EXPORTER", "otlp,console"),
                        Map.entry("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
                        Map.entry("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces"),
                        Map.entry("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "5000"),
                        Map.entry("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
                        Map.entry("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x=y,authorization=Bearer%20s3cret"),
                        Map.entry("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/ca"),
                        Map.entry("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/key"),
                        Map.entry("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "/cert"),
                        Map.entry("OTEL_SPAN_EVENT_COUNT_LIMIT", "3"),
                        Map.entry("OTEL_SPAN_LINK_COUNT_LIMIT", "4"),
                        Map.entry("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "5"),
                        Map.entry("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                        Map.entry("OTEL_TRACES_SAMPLER_ARG", "0.25"),
                        Map.entry("OTEL_METRICS_EXPORTER", "otlp,prometheus"),
                        Map.entry("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
                        Map.entry("OTEL_METRIC_EXPORT_TIMEOUT", "900"),
                        Map.entry("SPANGARD_METRIC_CARDINALITY_LIMIT", "300"),
                        Map.entry("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
                        Map.entry("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://collector:4317"),
                        Map.entry("OTEL_EXPORTER_OTLP_METRICS_INSECURE", "true"),
                        Map.entry("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
                        Map.entry(
                                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
                                "base2_exponential_bucket_histogram"),
                        Map.entry("OTEL_EXPORTER_PROMETHEUS_HOST", "0.0.0.0"),
                        Map.entry("OTEL_EXPORTER_PROMETHEUS_PORT", "9999"),
                        Map.entry("OTEL_METRICS_EXEMPLAR_FILTER", "always_off"),
                        Map.entry("OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST", "x-shop,x\\.y"),
                        Map.entry("OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE", "etag"),
                        Map.entry("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET,POST")));
    }

    @Test
    void signalThatAFileDoesNotMentionIsNotExported() throws Exception {
        assertThat(read("file_format: '1.0'", Map.of()))
                .isEqualTo(Map.of(
                        "OTEL_TRACES_EXPORTER", "none",
                        "OTEL_METRICS_EXPORTER", "none",
                        "OTEL_PROPAGATORS", "none"));
    }

    @Test
    void refersToTheEnvironment() throws Exception {
        Map<String, String> variables =
                read("""
                file_format: "1.0"
                resource:
                  attributes_list: ${LIST:-none=x}
                  attributes:
                    - {name: a, value: "${env:SHOP}"}
                    - {name: b, value: "$${SHOP}"}
                    - {name: c, value: "${EMPTY:-d}"}
                    - {name: e, value: "${MANY}"}
                """, Map.of("SHOP", "corner", "EMPTY", "", "MANY", "one\nlog_level: debug"));
        assertThat(variables.get("OTEL_RESOURCE_ATTRIBUTES")).isEqualTo("none=x,a=corner,b=%24%7BSHOP%7D,c=d,e=one");
        assertThat(variables).doesNotContainKey("OTEL_LOG_LEVEL");
    }

    @Test
    void namesWhatItDoesNotUnderstand() throws Exception {
        read("""
                file_format: "1.0"
                logger_provider: {processors: []}
                tracer_provider:
                  sampler: {jaeger_remote/development: {endpoint: http://x}}
                  processors: [{batch: {exporter: {zipkin: {endpoint: http://x}}}}]
                meter_provider: [1]
                """, Map.of());
        assertThat(warnings)
                .containsExactlyInAnyOrder(
                        "OTEL_CONFIG_FILE: meter_provider is not a mapping",
                        "OTEL_CONFIG_FILE: logger_provider is not supported and ignored",
                        "OTEL_CONFIG_FILE: tracer_provider.sampler.jaeger_remote/development is not supported and ignored",
                        "OTEL_CONFIG_FILE: tracer_provider.processors[0].batch.exporter.zipkin is not supported and ignored");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "file_format: 0.4",
                "file_format: [1]",
                "a: b: s3cret",
                "file_format: '1.0'\nfile_format: '1.0'",
                "!!javax.script.ScriptEngineManager [s3cret]",
                "a: &a [x]\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,"
                        + "*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]"
            })
    void fileThatIsNoConfigurationIsOneSentenceWithoutItsText(String yaml) throws Exception {
        Path file = file(yaml);
        assertThatThrownBy(() -> ConfigurationFile.read(file.toString(), Map.of(), warnings::add))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("OTEL_CONFIG_FILE=")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void fileThatCannotBeReadIsOneSentence() throws Exception {
        Map<String, String> whys = Map.of(
                directory.toString(),
                "it is no regular file",
                "/no/such/file",
                "there is no such file",
                "\0",
                "it is no path",
                file("").toString(),
                "it is empty");
        whys.forEach((path, why) -> assertThatThrownBy(() -> ConfigurationFile.read(path, Map.of(), warnings::add))
                .hasMessage("OTEL_CONFIG_FILE=" + path + " cannot be read: " + why));
        Path large = file("#".repeat(ConfigurationFile.MAX_BYTES + 1));
        assertThatThrownBy(() -> ConfigurationFile.read(large.toString(), Map.of(), warnings::add))
                .hasMessageEndingWith("cannot be read: it is larger than 1048576 bytes");
        Path latin = Files.write(directory.resolve("latin.yaml"), new byte[] {'a', ':', ' ', (byte) 0xe9});
        assertThatThrownBy(() -> ConfigurationFile.read(latin.toString(), Map.of(), warnings::add))
                .hasMessageEndingWith("cannot be read: it is not UTF-8");
    }

    @Test
    void whatIsNotYamlIsToldWithItsLine() throws Exception {
        Path file = file("file_format: '1.0'\na: b: s3cret\n");
        assertThatThrownBy(() -> ConfigurationFile.read(file.toString(), Map.of(), warnings::add))
                .hasMessage("OTEL_CONFIG_FILE=" + file + " is not YAML: line 2");
    }
}
