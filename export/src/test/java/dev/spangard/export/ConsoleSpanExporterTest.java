// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.testing.trace.TestSpanData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The golden files are {@code span.to_json()} of the OpenTelemetry SDK for Python 1.45, for the same spans. */
class ConsoleSpanExporterTest {
    private static String golden(String name) throws IOException {
        return Files.readString(Path.of("src/test/golden", name));
    }

    private static SpanContext remote(String traceId, String spanId) {
        return SpanContext.createFromRemoteParent(traceId, spanId, TraceFlags.getSampled(), TraceState.getDefault());
    }

    @Test
    void writesWhatPythonWrites() throws IOException {
        SpanData span = TestSpans.server(Attributes.builder()
                        .put("a.bool", true)
                        .put("a.double", 0.25)
                        .put("a.list", "x", "ÿ\n\"\\")
                        .put("a.long", 200)
                        .put("a.small", 0.00001)
                        .put("a.text", "zażółć \ud83d\ude00\u007f")
                        .build())
                .setParentSpanContext(remote(TestSpans.CONTEXT.getTraceId(), "53995c3f42cd8ad8"))
                .setStatus(StatusData.create(io.opentelemetry.api.trace.StatusCode.ERROR, "boom"))
                .setEvents(List.of(EventData.create(
                        1_700_000_000_123_456_789L,
                        "exception",
                        Attributes.of(
                                AttributeKey.stringKey("exception.message"), "boom",
                                AttributeKey.stringKey("exception.type"), "ValueError"))))
                .setTotalRecordedEvents(1)
                .setLinks(List.of(LinkData.create(
                        remote("00000000000000000000000000000011", "0000000000000022"),
                        Attributes.builder().put("n", 1L, 2L).build())))
                .setTotalRecordedLinks(1)
                .setResource(Resource.create(Attributes.builder()
                        .put("service.name", "shop")
                        .put("telemetry.sdk.language", "python")
                        .build()))
                .build();

        assertThat(ConsoleSpanExporter.json(span) + "\n").isEqualTo(golden("span.json"));
    }

    @Test
    void writesABareSpanAsPythonDoes() throws IOException {
        SpanData span = TestSpanData.builder()
                .setName("GET")
                .setKind(SpanKind.SERVER)
                .setSpanContext(SpanContext.create(
                        "00000000000000000000000000000001",
                        "0000000000000002",
                        TraceFlags.getSampled(),
                        TraceState.getDefault()))
                .setStatus(StatusData.unset())
                .setStartEpochNanos(1_700_000_000_000_000_000L)
                .setEndEpochNanos(1_700_000_000_000_000_000L)
                .setHasEnded(true)
                .setResource(Resource.empty())
                .build();

        assertThat(ConsoleSpanExporter.json(span) + "\n").isEqualTo(golden("bare-span.json"));
    }

    @Test
    void writesEachSpanAndALineBreak() {
        var out = new ByteArrayOutputStream();
        SpanData span = TestSpans.server(Attributes.empty()).build();

        assertThat(new ConsoleSpanExporter(ApplicationOutput.of(out, false))
                        .export(List.of(span, span))
                        .isSuccess())
                .isTrue();

        String json = ConsoleSpanExporter.json(span);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(json + "\n" + json + "\n");
    }
}
