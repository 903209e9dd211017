// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import dev.spangard.settings.Signal;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.export.AggregationTemporalitySelector;
import io.opentelemetry.sdk.metrics.export.DefaultAggregationSelector;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Against real servers: what the standard variables say is what goes over the wire. */
class OtlpExportersTest {
    @TempDir
    Path directory;

    private final Map<String, String> variables = new HashMap<>();

    private OtlpSettings settings(Signal signal) throws ConfigurationException {
        return OtlpSettings.read(new Settings(variables, line -> {}), signal, null);
    }

    private static EncodedSpan span() {
        return EncodedSpan.of(TestSpans.server(Attributes.empty()).build());
    }

    private boolean exportsASpan() throws ConfigurationException {
        OtlpOutlet exporter = OtlpExporters.spans(settings(Signal.TRACES));
        try {
            CompletableResultCode result = exporter.export(List.of(span()), 1).result();
            return result.join(20, TimeUnit.SECONDS).isSuccess();
        } finally {
            exporter.shutdown(System.nanoTime()).join(5, TimeUnit.SECONDS);
        }
    }

    private @Nullable NotDelivered failure() throws ConfigurationException {
        OtlpOutlet exporter = OtlpExporters.spans(settings(Signal.TRACES));
        try {
            CompletableResultCode result =
                    exporter.export(List.of(span(), span()), 2).result().join(20, TimeUnit.SECONDS);
            assertThat(result.isDone()).isTrue();
            return (NotDelivered) result.getFailureThrowable();
        } finally {
            exporter.shutdown(System.nanoTime()).join(5, TimeUnit.SECONDS);
        }
    }

    private Collector collector(OtlpSettings.Protocol protocol) throws IOException {
        boolean grpc = protocol == OtlpSettings.Protocol.GRPC;
        Collector collector = grpc ? Collector.grpc() : Collector.http();
        variables.put("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.shown());
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:" + collector.port());
        return collector;
    }

    @ParameterizedTest
    @EnumSource(OtlpSettings.Protocol.class)
    void hearsWhatACollectorRejects(OtlpSettings.Protocol protocol) throws Exception {
        try (var collector = collector(protocol)) {
            collector.say(PartialSuccessTest.encoded(1, "too old"));
            assertThat(requireNonNull(failure()).rejected()).isEqualTo(1);

            collector.say(PartialSuccessTest.encoded(1_000_000, "all"));
            assertThat(requireNonNull(failure()).rejected()).isEqualTo(2);

            collector.say(PartialSuccessTest.encoded(0, "a warning"));
            assertThat(failure()).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "429,true",
        "502,true",
        "503,true",
        "504,true",
        "400,false",
        "401,false",
        "404,false",
        "413,false",
        "500,false",
        "302,false"
    })
    void knowsWhichStatusesMayPass(int status, boolean mayPass) throws Exception {
        try (var collector = collector(OtlpSettings.Protocol.HTTP_PROTOBUF)) {
            collector.answer(status);
            assertThat(requireNonNull(failure()).mayPass()).isEqualTo(mayPass);
            assertThat(collector.requests()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"14,true", "8,true", "4,true", "3,false", "12,false", "16,false"})
    void knowsWhichStatusesOfGrpcMayPass(int status, boolean mayPass) throws Exception {
        try (var collector = collector(OtlpSettings.Protocol.GRPC)) {
            collector.answerGrpc(status);
            assertThat(requireNonNull(failure()).mayPass()).isEqualTo(mayPass);
        }
    }

    @Test
    void hearsHowLongTheCollectorAsksToBeLeftAlone() throws Exception {
        try (var collector = collector(OtlpSettings.Protocol.HTTP_PROTOBUF)) {
            collector.answer(503, "7");
            assertThat(requireNonNull(failure()).retryAfter()).isEqualTo(Duration.ofSeconds(7));

            collector.answer(503, "Fri, 31 Dec 1999 23:59:59 GMT");
            assertThat(requireNonNull(failure()).retryAfter()).isEqualTo(Duration.ZERO);

            for (String odd : List.of("soon", "-3", "99999999999999999999")) {
                collector.answer(503, odd);
                assertThat(requireNonNull(failure()).retryAfter()).isNull();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(OtlpSettings.Protocol.class)
    void nobodyAtThePortMayPass(OtlpSettings.Protocol protocol) throws Exception {
        collector(protocol).close();
        NotDelivered failure = requireNonNull(failure());
        assertThat(failure.mayPass()).isTrue();
        assertThat(failure.status()).isNull();
    }

    @ParameterizedTest
    @EnumSource(OtlpSettings.Protocol.class)
    void theWrongProtocolAtThePortIsAFailureThatIsTold(OtlpSettings.Protocol protocol) throws Exception {
        try (var collector = protocol == OtlpSettings.Protocol.GRPC ? Collector.http() : Collector.grpc()) {
            variables.put("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.shown());
            variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:" + collector.port());
            variables.put("OTEL_EXPORTER_OTLP_TIMEOUT", "1");
            assertThat(requireNonNull(failure()).getMessage()).isNotEmpty();
        }
    }

    /** The client's own timeout ends with the headers; a body that never comes must not hold the queue. */
    @Test
    void aBodyThatNeverComesIsOverAfterTheTimeout() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread answering = Thread.ofPlatform().daemon().start(() -> {
                try {
                    Socket peer = server.accept();
                    peer.getInputStream().read();
                    peer.getOutputStream()
                            .write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"
                                    .getBytes(StandardCharsets.US_ASCII));
                    peer.getOutputStream().flush();
                } catch (IOException e) {
                    // the test has ended
                }
            });
            variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:" + server.getLocalPort());
            variables.put("OTEL_EXPORTER_OTLP_TIMEOUT", "1");

            NotDelivered failure = requireNonNull(failure());

            assertThat(failure.mayPass()).isTrue();
            assertThat(failure).hasMessage("no answer within 1000 ms");
            answering.join();
        }
    }

    @Test
    void aHeaderThatTheClientSetsItselfIsRefused() {
        variables.put("OTEL_EXPORTER_OTLP_HEADERS", "connection=secret");
        assertThatThrownBy(() -> OtlpExporters.spans(settings(Signal.TRACES)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageNotContaining("secret");
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
