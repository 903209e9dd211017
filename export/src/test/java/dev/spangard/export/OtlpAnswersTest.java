// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.settings.OtlpSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class OtlpAnswersTest extends TestedExporters {
    @ParameterizedTest
    @EnumSource(OtlpSettings.Protocol.class)
    void hearsWhatACollectorRejects(OtlpSettings.Protocol protocol) throws Exception {
        try (var collector = collector(protocol)) {
            collector.respondWith(PartialSuccessTest.encoded(1, "too old"));
            assertThat(requireNonNull(failure()).rejected()).isEqualTo(1);

            collector.respondWith(PartialSuccessTest.encoded(1_000_000, "all"));
            assertThat(requireNonNull(failure()).rejected()).isEqualTo(2);

            collector.respondWith(PartialSuccessTest.encoded(0, "a warning"));
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
        ExportException failure = requireNonNull(failure());
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

            ExportException failure = requireNonNull(failure());

            assertThat(failure.mayPass()).isTrue();
            assertThat(failure).hasMessage("no answer within 1000 ms");
            answering.join();
        }
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
}
