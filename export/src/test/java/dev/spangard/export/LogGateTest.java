// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class LogGateTest {
    private final MemoryLimit memory = new MemoryLimit(1 << 20);
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
    private final SdkMeterProvider meters =
            SdkMeterProvider.builder().registerMetricReader(metrics).build();
    private final Pending exporter = new Pending();

    /** A collector that does not answer until it is told to. */
    private static final class Pending implements LogRecordExporter {
        final List<LogRecordData> exported = new CopyOnWriteArrayList<>();
        CompletableResultCode answer = new CompletableResultCode();

        @Override
        public CompletableResultCode export(Collection<LogRecordData> records) {
            exported.addAll(records);
            return answer;
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }

    private SdkLoggerProvider loggers(int capacity) {
        return SdkLoggerProvider.builder()
                .addLogRecordProcessor(new LogGate(
                        capacity,
                        memory,
                        meters,
                        exporter,
                        counted -> BatchLogRecordProcessor.builder(counted)
                                .setMaxQueueSize(capacity)
                                .setMaxExportBatchSize(1)
                                .setScheduleDelay(Duration.ofHours(1))
                                .build()))
                .build();
    }

    private static void emit(SdkLoggerProvider loggers, int records, int characters) {
        Logger logger = loggers.get("test");
        for (int i = 0; i < records; i++) {
            logger.logRecordBuilder()
                    .setAttribute("exception.stacktrace", "x".repeat(characters))
                    .emit();
        }
    }

    private long turnedAway() {
        return points("otel.sdk.processor.log.processed")
                .mapToLong(LongPointData::getValue)
                .sum();
    }

    private Stream<LongPointData> points(String counter) {
        return metrics.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(counter))
                .flatMap(metric -> metric.getLongSumData().getPoints().stream());
    }

    /** {@code error.type} to how many records. */
    private Map<String, Long> exported() {
        return points("otel.sdk.exporter.log.exported")
                .collect(Collectors.toMap(
                        point -> String.valueOf(point.getAttributes().get(AttributeKey.stringKey("error.type"))),
                        LongPointData::getValue));
    }

    @Test
    void countsWhatIsExportedAndWhatIsNot() {
        for (String error : List.of("null", "404", "_OTHER")) {
            exporter.answer = new CompletableResultCode();
            try (SdkLoggerProvider loggers = loggers(4)) {
                emit(loggers, 1, 0);
                switch (error) {
                    case "null" -> exporter.answer.succeed();
                    case "404" ->
                        exporter.answer.failExceptionally(
                                ExportException.answered("the collector answers 404", "404", false, null));
                    default -> exporter.answer.fail();
                }
                loggers.forceFlush().join(20, TimeUnit.SECONDS);
            }
        }
        assertThat(exported()).isEqualTo(Map.of("null", 1L, "404", 1L, "_OTHER", 1L));
    }

    @Test
    void letsInSoManyRecordsAndAgainWhenTheyAreAnswered() {
        try (SdkLoggerProvider loggers = loggers(4)) {
            emit(loggers, 6, 0);
            assertThat(turnedAway()).isEqualTo(2);
            assertThat(memory.held()).isEqualTo(4 * 500);

            exporter.answer.succeed();
            loggers.forceFlush().join(20, TimeUnit.SECONDS);
            assertThat(memory.held()).isZero();
            emit(loggers, 4, 0);
            assertThat(turnedAway()).isEqualTo(2);
        }
    }

    /** A queue takes no more than is then still free. */
    @Test
    void letsInSoManyBytes() {
        int each = 500 + 2 * (24 << 10);
        int fit = (1 << 20) / each / 2;
        try (SdkLoggerProvider loggers = loggers(2048)) {
            emit(loggers, 100, 24 << 10);
            assertThat(memory.held()).isEqualTo((long) fit * each);
            assertThat(turnedAway()).isEqualTo(100 - fit);
            exporter.answer.fail();
        }
        assertThat(memory.held()).isZero();
    }
}
