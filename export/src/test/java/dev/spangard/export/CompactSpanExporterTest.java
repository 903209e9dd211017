// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.trace.TestSpanData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompactSpanExporterTest {
    private static final AttributesBuilder ITEM = Attributes.builder()
            .put("http.request.method", "GET")
            .put("http.route", "/items/{item_id}")
            .put("http.response.status_code", 200);

    private static String line(TestSpanData span, boolean tty) {
        var applicationOutput = ApplicationOutput.of(OutputStream.nullOutputStream(), tty);
        return new CompactSpanExporter(applicationOutput, ZoneOffset.UTC).line(span);
    }

    @Test
    void saysWhatHappenedInOneLine() {
        assertThat(line(TestSpans.server(ITEM.build()).build(), false))
                .isEqualTo("22:13:20.000 GET     /items/{item_id}              200   1500.0 ms  "
                        + "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    @Test
    void showsThePathWhereThereIsNoRoute() {
        Attributes attributes = Attributes.builder()
                .put("http.request.method", "GET")
                .put("url.path", "/nowhere")
                .put("http.response.status_code", 404)
                .build();
        assertThat(line(TestSpans.server(attributes).build(), false)).contains(" GET     /nowhere  ", "  404  ");
    }

    @Test
    void saysWhatFailed() {
        Attributes attributes = Attributes.builder()
                .put("http.request.method", "GET")
                .put("http.route", "/error")
                .put("error.type", "RuntimeError")
                .build();
        TestSpanData span = TestSpans.server(attributes)
                .setStatus(StatusData.create(StatusCode.ERROR, ""))
                .setEvents(List.of(EventData.create(
                        0,
                        "exception",
                        Attributes.of(AttributeKey.stringKey("exception.message"), "no anvil\nsecond line"))))
                .setTotalRecordedEvents(1)
                .build();

        assertThat(line(span, false)).contains("  ---  ").endsWith("  RuntimeError: no anvil");
    }

    @Test
    void tellsASpanThatIsNoRequestByItsName() {
        TestSpanData span = TestSpans.server(Attributes.empty())
                .setName("SELECT shop")
                .setKind(SpanKind.CLIENT)
                .build();

        assertThat(line(span, false)).contains(" SELECT shop  ", "  ---  ").endsWith("4736");
        assertThat(line(span, true)).contains("\u001b[2m---\u001b[0m");
    }

    @Test
    void saysWhyASpanThatIsNoRequestFailed() {
        TestSpanData span = TestSpans.server(Attributes.empty())
                .setName("work")
                .setStatus(StatusData.create(StatusCode.ERROR, "KeyError: 'x'"))
                .build();

        assertThat(line(span, false)).endsWith("  KeyError: 'x'");
        assertThat(line(span, true)).contains("\u001b[31m---\u001b[0m");
    }

    @Test
    void doesNotRepeatAStatusAsError() {
        Attributes attributes = ITEM.build().toBuilder()
                .put("http.response.status_code", 503)
                .put("error.type", "503")
                .build();
        assertThat(line(TestSpans.server(attributes).build(), false)).endsWith("4736");
    }

    @Test
    void coloursOnATerminalOnly() {
        assertThat(line(TestSpans.server(ITEM.build()).build(), true)).contains("\u001b[32m200\u001b[0m");
        assertThat(line(TestSpans.server(ITEM.build()).build(), false)).doesNotContain("\u001b");
    }

    @Test
    void escapesWhatWouldSteerTheTerminal() {
        Attributes attributes = Attributes.builder()
                .put("http.request.method", "GET")
                .put("url.path", "/\u001b[2J\n\r\u009b\u202e")
                .build();
        assertThat(line(TestSpans.server(attributes).build(), true)).contains("/\\x1b[2J\\x0a\\x0d\\x9b\\u202e");
    }

    @Test
    void writesALineForEachSpan() {
        var out = new ByteArrayOutputStream();
        var exporter = new CompactSpanExporter(ApplicationOutput.of(out, false), ZoneOffset.UTC);
        TestSpanData span = TestSpans.server(ITEM.build()).build();

        assertThat(exporter.export(List.of(span, span)).isSuccess()).isTrue();

        assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(2);
    }

    @Test
    void closedOutputIsAFailureNotAnException() {
        var closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        var exporter = new CompactSpanExporter(ApplicationOutput.of(closed, false), ZoneOffset.UTC);
        assertThat(exporter.export(List.of(TestSpans.server(ITEM.build()).build()))
                        .isSuccess())
                .isFalse();
    }
}
