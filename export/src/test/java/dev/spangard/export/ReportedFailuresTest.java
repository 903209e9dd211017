// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the log says of exports by the SDK's exporters: whose, of what, where to, why not, and when it is over. */
class ReportedFailuresTest extends TestedExporters {
    /** A collector that refuses for good until {@link #heal}, and is configured. */
    private Collector refusing(OtlpSettings.Protocol protocol) throws IOException {
        boolean grpc = protocol == OtlpSettings.Protocol.GRPC;
        Collector collector = grpc ? Collector.grpc() : Collector.http();
        collector.answer(404);
        collector.answerGrpc(5);
        variables.put("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.shown());
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:s3cret@localhost:" + collector.port());
        variables.put("OTEL_EXPORTER_OTLP_HEADERS", "x-key=s3cret");
        return collector;
    }

    private static void heal(Collector collector) {
        collector.answer(200);
        collector.answerGrpc(0);
    }

    private static List<String> lines(
            OtlpSettings.Protocol protocol, Collector collector, String signal, String items) {
        boolean grpc = protocol == OtlpSettings.Protocol.GRPC;
        String title =
                "shop, otlp to http://***@localhost:" + collector.port() + (grpc ? "" : "/v1/" + signal) + ": " + items;
        return List.of(
                "WARN " + title + " are not exported: the collector answers " + (grpc ? "NOT_FOUND" : "404"),
                "INFO " + title + " are exported again");
    }

    @ParameterizedTest
    @EnumSource(OtlpSettings.Protocol.class)
    void metricsThatAreNotExportedAreOneLineAndOneWhenTheyAre(OtlpSettings.Protocol protocol) throws Exception {
        try (Collector collector = refusing(protocol);
                var log = CapturedLog.of("spangard.engine");
                var undo = new Rollback()) {
            MetricReader reader = MetricReaders.read("shop", new Settings(variables, line -> {}), null, false, undo)
                    .readers()
                    .getFirst();
            try (var meters =
                    SdkMeterProvider.builder().registerMetricReader(reader).build()) {
                meters.get("test").counterBuilder("measured").build().add(1);
                meters.forceFlush().join(20, TimeUnit.SECONDS);
                meters.forceFlush().join(20, TimeUnit.SECONDS);
                heal(collector);
                meters.forceFlush().join(20, TimeUnit.SECONDS);
                meters.forceFlush().join(20, TimeUnit.SECONDS);
            }
            assertThat(log.lines()).isEqualTo(lines(protocol, collector, "metrics", "metrics"));
        }
    }

    @ParameterizedTest
    @EnumSource(OtlpSettings.Protocol.class)
    void logRecordsThatAreNotExportedAreOneLineAndOneWhenTheyAre(OtlpSettings.Protocol protocol) throws Exception {
        try (Collector collector = refusing(protocol);
                var log = CapturedLog.of("spangard.engine");
                var undo = new Rollback()) {
            LogRecordExporter exporter = LogExporters.read("shop", new Settings(variables, line -> {}), undo)
                    .getFirst();
            for (int i = 0; i < 4; i++) {
                if (i == 2) {
                    heal(collector);
                }
                exporter.export(List.of()).join(20, TimeUnit.SECONDS);
            }
            assertThat(log.lines()).isEqualTo(lines(protocol, collector, "logs", "log records"));
        }
    }

    @Test
    void anotherReasonIsAnotherLine() throws Exception {
        try (Collector collector = refusing(OtlpSettings.Protocol.HTTP_PROTOBUF);
                var log = CapturedLog.of("spangard.engine");
                var undo = new Rollback()) {
            LogRecordExporter exporter = LogExporters.read("shop", new Settings(variables, line -> {}), undo)
                    .getFirst();
            exporter.export(List.of()).join(20, TimeUnit.SECONDS);
            collector.answer(401);
            exporter.export(List.of()).join(20, TimeUnit.SECONDS);
            assertThat(log.lines()).hasSize(2).last().asString().endsWith("the collector answers 401");
        }
    }

    @Test
    void aFailureWithoutAReasonIsOne() {
        assertThat(ExportException.ofSdk(null, Duration.ofSeconds(1))).hasMessage("the exporter gave up");
        assertThat(ExportException.ofSdk(new IOException("broken"), Duration.ofSeconds(1)))
                .hasMessage("broken");
    }
}
