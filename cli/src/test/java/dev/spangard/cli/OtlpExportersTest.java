// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.export.AggregationTemporalitySelector;
import io.opentelemetry.sdk.metrics.export.DefaultAggregationSelector;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLSocketFactory;
import mockwebserver3.RecordedRequest;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import okio.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Against real servers: what the standard variables say is what goes over the wire. */
class OtlpExportersTest {
    @TempDir
    Path directory;

    private final Map<String, String> variables = new HashMap<>();

    private OtlpSettings settings(Signal signal) throws ConfigurationException {
        return OtlpSettings.read(new Settings(variables, line -> {}), signal, null);
    }

    private boolean exportsASpan() throws ConfigurationException {
        SpanExporter exporter = OtlpExporters.spans(settings(Signal.TRACES));
        try {
            CompletableResultCode result =
                    exporter.export(List.of(TestSpans.server(Attributes.empty()).build()));
            return result.join(20, TimeUnit.SECONDS).isSuccess();
        } finally {
            exporter.shutdown().join(5, TimeUnit.SECONDS);
        }
    }

    private String write(String name, String pem) throws IOException {
        return Files.writeString(directory.resolve(name), pem).toString();
    }

    @Test
    void sendsSpansOverHttpWithHeaders() throws Exception {
        try (var collector = Collector.http()) {
            variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:" + collector.port());
            variables.put("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20abc");

            assertThat(exportsASpan()).isTrue();

            RecordedRequest request = requireNonNull(collector.next());
            assertThat(request.getTarget()).isEqualTo("/v1/traces");
            assertThat(request.getHeaders().get("content-type")).isEqualTo("application/x-protobuf");
            assertThat(request.getHeaders().get("authorization")).isEqualTo("Basic abc");
            assertThat(request.getHeaders().get("content-encoding")).isNull();
            assertThat(text(requireNonNull(request.getBody()).toByteArray())).contains("GET /items/{item_id}");
        }
    }

    @Test
    void compressesWithGzip() throws Exception {
        try (var collector = Collector.http()) {
            variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:" + collector.port());
            variables.put("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");

            assertThat(exportsASpan()).isTrue();

            RecordedRequest request = requireNonNull(collector.next());
            assertThat(request.getHeaders().get("content-encoding")).isEqualTo("gzip");
            var body = new Buffer().write(requireNonNull(request.getBody()).toByteArray());
            try (var plain = new GZIPInputStream(body.inputStream())) {
                assertThat(text(plain.readAllBytes())).contains("GET /items/{item_id}");
            }
        }
    }

    @Test
    void sendsSpansOverGrpc() throws Exception {
        try (var collector = Collector.grpc()) {
            variables.put("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
            variables.put("OTEL_EXPORTER_OTLP_INSECURE", "true");
            variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:" + collector.port());
            variables.put("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-tenant=blue");

            assertThat(exportsASpan()).isTrue();

            RecordedRequest request = requireNonNull(collector.next());
            assertThat(request.getTarget()).isEqualTo("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
            assertThat(request.getHeaders().get("x-tenant")).isEqualTo("blue");
            assertThat(text(requireNonNull(request.getBody()).toByteArray())).contains("GET /items/{item_id}");
        }
    }

    @ParameterizedTest
    @EnumSource(OtlpSettings.Protocol.class)
    void trustsTheGivenAuthorityAndShowsTheGivenCertificate(OtlpSettings.Protocol protocol) throws Exception {
        var authority = new HeldCertificate.Builder().certificateAuthority(0).build();
        var server = new HeldCertificate.Builder()
                .signedBy(authority)
                .addSubjectAlternativeName("localhost")
                .build();
        var client = new HeldCertificate.Builder()
                .signedBy(authority)
                .commonName("shop")
                .build();
        SSLSocketFactory tls = new HandshakeCertificates.Builder()
                .heldCertificate(server)
                .addTrustedCertificate(authority.certificate())
                .build()
                .sslSocketFactory();
        try (var collector = Collector.https(tls, true)) {
            variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:" + collector.port());
            variables.put(
                    "OTEL_EXPORTER_OTLP_PROTOCOL", protocol == OtlpSettings.Protocol.GRPC ? "grpc" : "http/protobuf");
            variables.put("OTEL_EXPORTER_OTLP_CERTIFICATE", write("ca.pem", authority.certificatePem()));
            variables.put("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", write("client.pem", client.certificatePem()));
            variables.put("OTEL_EXPORTER_OTLP_CLIENT_KEY", write("client.key", client.privateKeyPkcs8Pem()));

            assertThat(exportsASpan()).isTrue();

            RecordedRequest request = requireNonNull(collector.next());
            assertThat(requireNonNull(request.getHandshake()).peerPrincipal()).hasToString("CN=shop");
        }
    }

    @Test
    void doesNotTrustAServerOfAnotherAuthority() throws Exception {
        var server = new HeldCertificate.Builder()
                .addSubjectAlternativeName("localhost")
                .build();
        SSLSocketFactory tls = new HandshakeCertificates.Builder()
                .heldCertificate(server)
                .build()
                .sslSocketFactory();
        try (var collector = Collector.https(tls, false)) {
            variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:" + collector.port());
            assertThat(exportsASpan()).isFalse();
        }
    }

    @Test
    void pemThatIsNoneIsRefused() throws Exception {
        variables.put("OTEL_EXPORTER_OTLP_CERTIFICATE", write("ca.pem", "not a certificate"));
        assertThatThrownBy(() -> OtlpExporters.spans(settings(Signal.TRACES)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("not PEM");
    }

    @Test
    void headerThatNoHeaderCanHaveIsRefusedWithoutRepeatingIt() {
        variables.put("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret%0d%0ax: y");
        assertThatThrownBy(() -> settings(Signal.TRACES))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageNotContaining("secret");
    }

    @Test
    void errorOfTheCollectorIsAFailure() throws Exception {
        try (var collector = Collector.http()) {
            collector.answer(400);
            variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:" + collector.port());
            assertThat(exportsASpan()).isFalse();
            assertThat(collector.requests()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(OtlpSettings.Protocol.class)
    void makesAMetricExporterForEachProtocol(OtlpSettings.Protocol protocol) throws Exception {
        variables.put("OTEL_EXPORTER_OTLP_PROTOCOL", protocol == OtlpSettings.Protocol.GRPC ? "grpc" : "http/protobuf");
        try (MetricExporter exporter = OtlpExporters.metrics(
                settings(Signal.METRICS),
                AggregationTemporalitySelector.deltaPreferred(),
                DefaultAggregationSelector.getDefault())) {
            assertThat(exporter.toString())
                    .contains(protocol == OtlpSettings.Protocol.GRPC ? "localhost:4317" : "localhost:4318/v1/metrics");
        }
    }

    /** Protobuf keeps strings as they are, so that they can be found without a decoder. */
    private static String text(byte[] body) {
        return new String(body, StandardCharsets.ISO_8859_1);
    }
}
