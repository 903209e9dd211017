// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Counts;
import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import dev.spangard.settings.Signal;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** An exporter by OTLP, and how its export ended. */
abstract class TestedExporters {
    @TempDir
    Path directory;

    final Map<String, String> variables = new HashMap<>();

    OtlpSettings settings(Signal signal) throws ConfigurationException {
        return OtlpSettings.read(new Settings(variables, line -> {}), signal, null);
    }

    static EncodedSpan span() {
        return EncodedSpan.of(TestSpans.server(Attributes.empty()).build());
    }

    boolean exportsASpan() throws ConfigurationException {
        OtlpOutlet exporter = OtlpExporters.spans(settings(Signal.TRACES));
        try {
            CompletableResultCode result =
                    exporter.export(List.of(span()), Counts.ofRequests(1)).result();
            return result.join(20, TimeUnit.SECONDS).isSuccess();
        } finally {
            exporter.shutdown(System.nanoTime()).join(5, TimeUnit.SECONDS);
        }
    }

    @Nullable
    ExportException failure() throws ConfigurationException {
        OtlpOutlet exporter = OtlpExporters.spans(settings(Signal.TRACES));
        try {
            CompletableResultCode result = exporter.export(List.of(span(), span()), Counts.ofRequests(2))
                    .result()
                    .join(20, TimeUnit.SECONDS);
            assertThat(result.isDone()).isTrue();
            return (ExportException) result.getFailureThrowable();
        } finally {
            exporter.shutdown(System.nanoTime()).join(5, TimeUnit.SECONDS);
        }
    }

    Collector collector(OtlpSettings.Protocol protocol) throws IOException {
        boolean grpc = protocol == OtlpSettings.Protocol.GRPC;
        Collector collector = grpc ? Collector.grpc() : Collector.http();
        variables.put("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.shown());
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:" + collector.port());
        return collector;
    }

    String write(String name, String pem) throws IOException {
        return Files.writeString(directory.resolve(name), pem).toString();
    }

    /** Protobuf keeps strings as they are, so that they can be found without a decoder. */
    static String text(byte[] body) {
        return new String(body, StandardCharsets.ISO_8859_1);
    }
}
