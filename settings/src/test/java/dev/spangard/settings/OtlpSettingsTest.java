// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.spangard.settings.OtlpSettings.Protocol;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OtlpSettingsTest {
    private final Map<String, String> variables = new HashMap<>();
    private final List<String> warnings = new ArrayList<>();

    private OtlpSettings read(Signal signal) throws ConfigurationException {
        return OtlpSettings.read(new Settings(variables, warnings::add), signal, null);
    }

    @Test
    void defaultsAreHttpToThisMachine() throws ConfigurationException {
        OtlpSettings settings = read(Signal.TRACES);

        assertThat(settings.protocol()).isEqualTo(Protocol.HTTP_PROTOBUF);
        assertThat(settings.endpoint()).isEqualTo("http://localhost:4318/v1/traces");
        assertThat(settings.timeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.gzip()).isFalse();
        assertThat(read(Signal.METRICS).endpoint()).isEqualTo("http://localhost:4318/v1/metrics");
    }

    @ParameterizedTest
    @CsvSource({
        "http://c:4318,http://c:4318/v1/traces",
        "http://c:4318/,http://c:4318/v1/traces",
        "https://c/otlp,https://c/otlp/v1/traces",
    })
    void commonEndpointIsABase(String endpoint, String full) throws ConfigurationException {
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        assertThat(read(Signal.TRACES).endpoint()).isEqualTo(full);
    }

    @ParameterizedTest
    @CsvSource({"http://c:4318,http://c:4318/", "http://c/a/b,http://c/a/b"})
    void signalsOwnEndpointIsUsedAsItIs(String endpoint, String full) throws ConfigurationException {
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://unused");
        variables.put("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint);
        assertThat(read(Signal.TRACES).endpoint()).isEqualTo(full);
        assertThat(read(Signal.METRICS).endpoint()).isEqualTo("http://unused/v1/metrics");
    }

    @Test
    void endpointAtTheGrpcPortIsGrpcUnlessSaidOtherwise() throws ConfigurationException {
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317");
        assertThat(read(Signal.TRACES).protocol()).isEqualTo(Protocol.GRPC);
        assertThat(read(Signal.TRACES).endpoint()).isEqualTo("http://c:4317");

        variables.put("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        assertThat(read(Signal.TRACES).protocol()).isEqualTo(Protocol.HTTP_PROTOBUF);
        assertThat(warnings).hasSize(1).first().asString().contains("4317");
    }

    @Test
    void grpcEndpointMayLackAScheme() throws ConfigurationException {
        variables.put("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317");
        assertThat(read(Signal.TRACES).endpoint()).isEqualTo("https://collector:4317");

        variables.put("OTEL_EXPORTER_OTLP_INSECURE", "True");
        assertThat(read(Signal.TRACES).endpoint()).isEqualTo("http://collector:4317");

        variables.put("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "false");
        assertThat(read(Signal.TRACES).endpoint()).isEqualTo("https://collector:4317");
    }

    @Test
    void signalsOwnVariablesBeatTheCommonOnes() throws ConfigurationException {
        variables.put("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=2");
        variables.put("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "c=3%20");
        variables.put("OTEL_EXPORTER_OTLP_TIMEOUT", "20");
        variables.put("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "3");
        variables.put("OTEL_EXPORTER_OTLP_COMPRESSION", "none");
        variables.put("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip");
        variables.put("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc");

        OtlpSettings traces = read(Signal.TRACES);
        assertThat(traces.headers()).containsExactly(entry("c", "3 "));
        assertThat(traces.timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(traces.gzip()).isTrue();
        assertThat(traces.protocol()).isEqualTo(Protocol.GRPC);

        OtlpSettings metrics = read(Signal.METRICS);
        assertThat(metrics.headers()).containsExactly(entry("a", "1"), entry("b", "2"));
        assertThat(metrics.timeout()).isEqualTo(Duration.ofSeconds(20));
        assertThat(metrics.gzip()).isFalse();
        assertThat(metrics.protocol()).isEqualTo(Protocol.HTTP_PROTOBUF);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://c", "http://", "http://a b", "http://c?q=1", "http://user:secret@c d"})
    void badEndpointIsRefusedWithoutRepeatingIt(String endpoint) {
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        assertThatThrownBy(() -> read(Signal.TRACES))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("OTEL_EXPORTER_OTLP_ENDPOINT")
                .hasMessageNotContaining("secret");
    }

    @ParameterizedTest
    @CsvSource({"PROTOCOL,http/json", "COMPRESSION,deflate", "CERTIFICATE,/nowhere", "CERTIFICATE,ca.pem"})
    void badValueIsRefusedByName(String suffix, String value) {
        variables.put("OTEL_EXPORTER_OTLP_" + suffix, value);
        assertThatThrownBy(() -> read(Signal.TRACES))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("OTEL_EXPORTER_OTLP_" + suffix + "=" + value);
    }

    @Test
    void clientKeyWithoutCertificateIsRefused(@TempDir Path directory) throws Exception {
        Path key = Files.writeString(directory.resolve("key.pem"), "key");
        variables.put("OTEL_EXPORTER_OTLP_CLIENT_KEY", key.toString());
        assertThatThrownBy(() -> read(Signal.TRACES)).hasMessageContaining("must be set together");
    }
}
