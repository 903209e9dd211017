// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.trace.data.EventData;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exceptions that left the application: events of the span, log records, or both. */
final class ExceptionSignalTest {
    private static final Attributes TOLD = Attributes.builder()
            .put("exception.type", "shop.OutOfStock")
            .put("exception.message", "nothing left")
            .put("exception.stacktrace", "Traceback …")
            .build();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "-|SPAN_EVENTS",
                "logs|LOGS",
                "logs/dup|BOTH",
                "http logs|LOGS",
                "logs logs/dup|BOTH",
                "Logs|SPAN_EVENTS"
            })
    void isReadFromTheVariablesElements(String elements, ExceptionSignal expected) {
        List<String> list = elements == null ? List.of() : List.of(elements.split(" ", -1));
        assertThat(ExceptionSignal.of(list)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"SPAN_EVENTS, 1, 0", "LOGS, 0, 1", "BOTH, 1, 1"})
    void decidesWhereAnExceptionIsTold(ExceptionSignal signal, int events, int logs) {
        Collector collector = failed(signal, "Traceback …");

        assertThat(collector.span().getEvents())
                .hasSize(events)
                .extracting(EventData::getName, EventData::getAttributes)
                .allSatisfy(told -> assertThat(told.toList()).containsExactly("exception", TOLD));
        assertThat(collector.logs.getFinishedLogRecordItems()).hasSize(logs).allSatisfy(log -> {
            assertThat(log.getEventName()).isEqualTo("http.server.request.exception");
            assertThat(log.getSeverity()).isEqualTo(Severity.ERROR);
            assertThat(log.getTimestampEpochNanos()).isEqualTo(START + 5);
            assertThat(log.getSpanContext()).isEqualTo(collector.span().getSpanContext());
            assertThat(log.getAttributes()).isEqualTo(TOLD);
            assertThat(log.getInstrumentationScopeInfo().getName()).isEqualTo("spangard");
        });
    }

    @Test
    void cutsALogsTextsAsASpans() {
        Collector collector = failed(ExceptionSignal.LOGS, "x".repeat(100_000));

        LogRecordData log = collector.logs.getFinishedLogRecordItems().getFirst();
        assertThat(log.getAttributes().asMap().values())
                .allSatisfy(text -> assertThat(text.toString())
                        .hasSizeLessThanOrEqualTo(TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT));
    }

    private static Collector failed(ExceptionSignal signal, String stacktrace) {
        Collector collector = new Collector(new TelemetryOptions(
                TelemetryOptions.DEFAULT_KNOWN_METHODS,
                TelemetryOptions.DEFAULT_SENSITIVE_QUERY_PARAMETERS,
                TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT,
                false,
                TrustedProxies.NONE,
                Set.of(),
                signal,
                0));
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.failed(new Failure("shop.OutOfStock", "nothing left", stacktrace, false));
        exchange.end(Context.root(), START + 5);
        return collector;
    }
}
