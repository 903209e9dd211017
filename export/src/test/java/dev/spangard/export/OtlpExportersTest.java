// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Signal;
import io.opentelemetry.sdk.metrics.export.AggregationTemporalitySelector;
import io.opentelemetry.sdk.metrics.export.DefaultAggregationSelector;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLSocketFactory;
import mockwebserver3.RecordedRequest;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import okio.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Against real servers: what the standard variables say is what goes over the wire. */
class OtlpExportersTest extends TestedExporters {
    @Test
    void aHeaderThatTheClientSetsItselfIsRefused() {
        variables.put("OTEL_EXPORTER_OTLP_HEADERS", "connection=secret");
        assertThatThrownBy(() -> OtlpExporters.spans(settings(Signal.TRACES)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageNotContaining("secret");
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
}
