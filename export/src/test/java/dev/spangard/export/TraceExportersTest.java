// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.Settings;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceExportersTest {
    private static final ApplicationOutput TERMINAL = ApplicationOutput.of(OutputStream.nullOutputStream(), true);
    private static final ApplicationOutput FILE = ApplicationOutput.of(OutputStream.nullOutputStream(), false);

    private static List<String> names(Map<String, String> variables, @Nullable ApplicationOutput applicationOutput)
            throws ConfigurationException {
        return TraceExporters.read(new Settings(variables, line -> {}), applicationOutput, new Rollback()).stream()
                .map(TraceExporters.Output::name)
                .toList();
    }

    @Test
    void nothingConfiguredPrintsOnATerminalAndIsQuietElsewhere() throws ConfigurationException {
        assertThat(names(Map.of(), TERMINAL)).containsExactly("compact");
        assertThat(names(Map.of(), FILE)).isEmpty();
        assertThat(names(Map.of(), null)).isEmpty();
    }

    @Test
    void anEndpointIsAskForOtlp() throws ConfigurationException {
        assertThat(names(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"), TERMINAL))
                .containsExactly("otlp");
    }

    @Test
    void namesAreAList() throws ConfigurationException {
        assertThat(names(Map.of("OTEL_TRACES_EXPORTER", "otlp,console, compact,otlp"), FILE))
                .containsExactly("otlp", "console", "compact");
        assertThat(names(Map.of("OTEL_TRACES_EXPORTER", "otlp_proto_http,otlp_proto_grpc"), null))
                .containsExactly("otlp_proto_http", "otlp_proto_grpc");
        assertThat(names(Map.of("OTEL_TRACES_EXPORTER", "none"), TERMINAL)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"zipkin,take otlp", "jaeger,take otlp", "oltp,it can be otlp"})
    void unknownNameIsRefusedInOneLine(String name, String hint) {
        assertThatThrownBy(() -> names(Map.of("OTEL_TRACES_EXPORTER", name), null))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("OTEL_TRACES_EXPORTER=" + name)
                .hasMessageContaining(hint);
    }

    @Test
    void queueTakesTheStandardVariables() {
        var settings = new Settings(
                Map.of(
                        "OTEL_BSP_MAX_QUEUE_SIZE", "100",
                        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "50",
                        "OTEL_BSP_SCHEDULE_DELAY", "7",
                        "OTEL_BSP_EXPORT_TIMEOUT", "9"),
                line -> {});
        assertThat(BatchQueueOptions.ofSpans(settings))
                .isEqualTo(new BatchQueueOptions(
                        100, 50, Duration.ofMillis(7), Duration.ofMillis(9), Duration.ofSeconds(5), Retry.DEFAULTS));
    }

    @Test
    void batchIsNeverLargerThanTheQueue() {
        var small = new Settings(Map.of("OTEL_BSP_MAX_QUEUE_SIZE", "100"), line -> {});
        assertThat(BatchQueueOptions.ofSpans(small).batch()).isEqualTo(100);
        var wrong = new Settings(
                Map.of("OTEL_BSP_MAX_QUEUE_SIZE", "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "101"), line -> {});
        assertThat(BatchQueueOptions.ofSpans(wrong).batch()).isEqualTo(100);
    }
}
