// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.DropReason;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.semconv.ErrorAttributes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of spans that the application made by OpenTelemetry's API, as Python wrote them. */
final class ApiSpansTest extends TestedIntake {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final long WALL = 1_700_000_000_000_000_000L;

    ApiSpansTest(@TempDir Path directory) throws IOException {
        super(directory);
    }

    @BeforeEach
    void readsTheGoldenSpans() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Golden.frame("spans"));
        }
        awaitLeft();
    }

    private SpanData span(String id) {
        return services.apiSpans.stream()
                .filter(span -> span.getSpanId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aSpanIsAChildOfTheRequestsInItsTrace() {
        SpanData span = span("00f067aa0ba902b7");

        assertThat(span.getTraceId()).isEqualTo(TRACE);
        assertThat(span.getParentSpanId()).isEqualTo("b9c7c989f97918e1");
        assertThat(span.getParentSpanContext().isRemote()).isFalse();
        assertThat(span.getSpanContext().getTraceFlags().isSampled()).isTrue();
        assertThat(span.getSpanContext().getTraceState().asMap()).isEqualTo(Map.of("vendor", "1"));
        assertThat(span.getName()).isEqualTo("SELECT shop");
        assertThat(span.getKind()).isEqualTo(SpanKind.CLIENT);
        assertThat(span.getStartEpochNanos()).isEqualTo(WALL - 1_000_000_000);
        assertThat(span.getEndEpochNanos()).isEqualTo(WALL - 750_000_000);
        assertThat(span.getAttributes().asMap())
                .containsOnly(
                        Map.entry(AttributeKey.stringKey("db.system.name"), "postgresql"),
                        Map.entry(AttributeKey.longKey("server.port"), 5432L));
        assertThat(span.getStatus()).isEqualTo(StatusData.unset());
        assertThat(span.getInstrumentationScopeInfo().getName()).isEqualTo("opentelemetry.instrumentation.psycopg");
        assertThat(span.getInstrumentationScopeInfo().getVersion()).isEqualTo("0.66b2");
        assertThat(span.getResource()).isEqualTo(FakeServiceProvider.RESOURCE);
    }

    @Test
    void aSpanHasAllThatTheApiKnows() {
        SpanData span = span("000000000000004d");
        Attributes attributes = span.getAttributes();

        assertThat(span.getName()).isEqualTo("naïve");
        assertThat(span.getStartEpochNanos()).isEqualTo(WALL - 2_000_000_000);
        assertThat(span.getEndEpochNanos()).isEqualTo(WALL - 1_000_000_000);
        assertThat(span.getParentSpanContext()).isEqualTo(SpanContext.getInvalid());
        assertThat(span.getSpanContext().getTraceFlags().asHex()).isEqualTo("03");
        assertThat(attributes.get(AttributeKey.stringKey("text"))).isEqualTo("a");
        assertThat(attributes.get(AttributeKey.stringArrayKey("same"))).containsExactly("a", "b");
        assertThat(attributes.get(AttributeKey.valueKey("none"))).isEqualTo(Value.empty());
        assertThat(attributes.get(AttributeKey.valueKey("bytes"))).isEqualTo(Value.of(new byte[] {0, (byte) 0xff}));
        assertThat(attributes.get(AttributeKey.valueKey("mixed")))
                .isEqualTo(Value.of(Value.of("a"), Value.of(1), Value.empty()));
        assertThat(attributes.get(AttributeKey.valueKey("nested")))
                .isEqualTo(Value.of(new TreeMap<>(Map.of(
                        "a",
                        Value.of(Map.of("b", Value.of(Value.of(1.5), Value.of(new byte[] {'x'})))),
                        "c",
                        Value.of(List.of())))));
        assertThat(span.getTotalAttributeCount()).isEqualTo(attributes.size() + 1);
        assertThat(span.getTotalRecordedEvents()).isEqualTo(2 + 2);
        assertThat(span.getTotalRecordedLinks()).isEqualTo(1 + 3);
        assertThat(span.getEvents().get(0).getEpochNanos()).isEqualTo(WALL - 875_000_000);
        assertThat(span.getEvents().get(1).getEpochNanos()).isEqualTo(WALL);
        assertThat(span.getEvents().get(1).getDroppedAttributesCount()).isEqualTo(2);
        LinkData link = span.getLinks().get(0);
        assertThat(link.getSpanContext().isRemote()).isTrue();
        assertThat(link.getSpanContext().getTraceState().get("other")).isEqualTo("2");
        assertThat(link.getTotalAttributeCount()).isEqualTo(2);
        assertThat(span.getStatus()).isEqualTo(StatusData.create(StatusCode.ERROR, "no stock"));
        assertThat(span.getInstrumentationScopeInfo().getSchemaUrl()).endsWith("1.45.0");
        assertThat(span.getInstrumentationScopeInfo().getAttributes().get(AttributeKey.stringKey("team")))
                .isEqualTo("a");
    }

    @Test
    void whatIsOddInASpanCostsNoMoreThanItself() {
        SpanData span = span("0000000000000051");

        assertThat(span.getName()).isEmpty();
        assertThat(span.getKind()).isEqualTo(SpanKind.INTERNAL);
        assertThat(span.getAttributes()).isEqualTo(Attributes.empty());
        assertThat(span.getEvents()).isEmpty();
        assertThat(span.getStatus()).isEqualTo(StatusData.unset());
        assertThat(span.getInstrumentationScopeInfo().getName()).isEmpty();
        assertThat(span.getParentSpanContext().isRemote()).isTrue();
        assertThat(span("0000000000000052").getEvents()).isEmpty();
    }

    @Test
    void aSpanThatWasAnnouncedEndsWithItsProcess() {
        SpanData span = span("000000000000004e");

        assertThat(span.getEndEpochNanos()).isEqualTo(NOW);
        assertThat(span.getAttributes().get(ErrorAttributes.ERROR_TYPE)).isEqualTo("worker_died");
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    }

    @Test
    void eachSpanIsInTheBooks() {
        assertThat(services.apiSpans).hasSize(5);
        // One without an end, and one that could not be written.
        assertThat(intake.counters().malformedRecords()).isEqualTo(2);
        assertThat(services.accounts.spans().dropped(DropReason.MALFORMED)).isEqualTo(2);
        assertThat(services.accounts.spans().dropped(DropReason.RECORDER)).isEqualTo(1);
        assertThat(services.accounts.spans().received()).isEqualTo(7);
        assertThat(services.accounts.spans().seen()).isEqualTo(8);
        assertThat(services.accounts.seen()).isZero();
    }
}
