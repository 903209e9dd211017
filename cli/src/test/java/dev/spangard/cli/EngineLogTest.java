// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.exporter.otlp.internal.GrpcExporter;
import io.opentelemetry.exporter.otlp.internal.HttpExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EngineLogTest {
    private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);

    private long nanoTime;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final EngineLog.Lines lines = new EngineLog.Lines(
            new PrintStream(out, true, StandardCharsets.UTF_8), LogFormat.TEXT, new LogThrottle(() -> nanoTime));

    private void log(String message) {
        log("spangard.test", message);
    }

    private void log(String logger, String message) {
        var record = new LogRecord(Level.WARNING, message);
        record.setLoggerName(logger);
        lines.publish(record);
    }

    @ParameterizedTest
    @ValueSource(classes = {HttpExporter.class, GrpcExporter.class, PeriodicMetricReader.class})
    void whatTheSdkSaysOfAFailedExportIsLeftOut(Class<?> of) {
        log(of.getName(), of == PeriodicMetricReader.class ? "Exporter failed" : "Failed to export metrics.");
        assertThat(written()).isEmpty();
        log(PeriodicMetricReader.class.getName(), "Exporter threw an Exception");
        assertThat(written()).hasSize(1);
    }

    private List<String> written() {
        List<String> written = out.toString(StandardCharsets.UTF_8).lines().toList();
        out.reset();
        return written;
    }

    private void pass(long seconds) {
        nanoTime += TimeUnit.SECONDS.toNanos(seconds);
    }

    @Test
    void aRecordIsOneLineWhateverIsInIt() {
        var thrown = new UncheckedIOException("a\nb", new IOException("c\u001b[2J"));

        assertThat(LogFormat.TEXT.line(TIME, "WARN", "spangard.test", "it\nfailed", thrown))
                .isEqualTo("2023-11-14T22:13:20.000Z WARN  it\\x0afailed: java.io.UncheckedIOException: a\\x0ab"
                        + ": java.io.IOException: c\\x1b[2J");
    }

    @Test
    void inJsonARecordIsOneObject() {
        var thrown = new IOException("no \"way\"\n");

        assertThat(LogFormat.JSON.line(TIME, "ERROR", "spangard.test", "it\nfailed", thrown))
                .isEqualTo("{\"time\":\"2023-11-14T22:13:20.000Z\",\"level\":\"ERROR\",\"logger\":\"spangard.test\","
                        + "\"message\":\"it\\nfailed\",\"exception\":\"java.io.IOException: no \\\"way\\\"\\n\"}");
        assertThat(LogFormat.JSON.line(TIME, "INFO", "spangard.test", "fine", null))
                .isEqualTo("{\"time\":\"2023-11-14T22:13:20.000Z\",\"level\":\"INFO\",\"logger\":\"spangard.test\","
                        + "\"message\":\"fine\"}");
    }

    @ParameterizedTest
    @EnumSource
    void noCharacterSteersATerminal(LogFormat format) {
        for (char c = 0; c < 0x3000; c++) {
            boolean steers = Character.isISOControl(c)
                    || Character.getType(c) == Character.LINE_SEPARATOR
                    || Character.getType(c) == Character.PARAGRAPH_SEPARATOR
                    || "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069".indexOf(c) >= 0;
            String line = format.line(TIME, "WARN", "l", "a" + c + "b", new IOException("x" + c + "y"));
            if (steers) {
                assertThat(line).as("character %04x", (int) c).doesNotContain(String.valueOf(c));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPasswordInAnAddressIsNotShown(LogFormat format) {
        String line = format.line(
                TIME,
                "WARN",
                "l",
                "no answer of https://user:canary@host:4318/v1/traces",
                new IOException("at http://canary@host/ and http://u:can@ary@host/"));

        assertThat(line).doesNotContain("canary").doesNotContain("ary@").contains("https://***@host:4318/v1/traces");
    }

    @ParameterizedTest
    @EnumSource
    void aLineIsBounded(LogFormat format) {
        var thrown = new IOException("y".repeat(1_000_000));
        thrown.initCause(new IOException("z".repeat(1_000_000), new IOException()));

        String line = format.line(TIME, "WARN", "l", "\u0001".repeat(1_000_000), thrown);

        assertThat(line.length()).isLessThan(7 * LogFormat.LONGEST + 300);
    }

    @ParameterizedTest
    @EnumSource
    void causesThatGoInACircleEnd(LogFormat format) {
        var first = new IOException("first");
        var second = new IOException("second", first);
        first.initCause(second);

        assertThat(format.line(TIME, "WARN", "l", "m", first)).contains("first", "second");
    }

    @Test
    void aMessageIsShownSoOftenAMinuteAndThenCounted() {
        for (int i = 0; i < 1_000; i++) {
            log("export failed with status " + i);
        }
        log("something else");

        assertThat(written()).hasSize(LogThrottle.BURST + 1).last().asString().endsWith("WARN  something else");
        pass(59);
        lines.flush();
        assertThat(written()).isEmpty();
        pass(1);
        lines.flush();
        assertThat(written())
                .singleElement()
                .asString()
                .endsWith("WARN  not shown 995 times within a minute: export failed with status 0");
        log("export failed with status 7");
        assertThat(written()).singleElement().asString().endsWith("WARN  export failed with status 7");
    }

    @Test
    void theNextMessageTellsWhatWasSuppressedToo() {
        for (int i = 0; i < LogThrottle.BURST + 1; i++) {
            log("again");
        }
        written();
        pass(61);

        log("again");

        assertThat(written()).hasSize(2).first().asString().endsWith("not shown 1 times within a minute: again");
    }

    @Test
    void theEndTellsWhatWasSuppressed() {
        for (int i = 0; i < LogThrottle.BURST + 2; i++) {
            log("again");
        }
        written();

        lines.close();

        assertThat(written()).singleElement().asString().endsWith("not shown 2 times within a minute: again");
        lines.close();
        assertThat(written()).isEmpty();
    }

    @Test
    void whoeverMakesUpMessagesFillsNeitherMemoryNorDisk() {
        for (int i = 0; i < 100_000; i++) {
            log("made up " + Integer.toString(i, 36).replaceAll("[0-9]", "-") + "x".repeat(i % 97));
        }

        assertThat(written().size()).isBetween(LogThrottle.MESSAGES, LogThrottle.MESSAGES * LogThrottle.BURST + 5);
        pass(60);
        log("made up after all");
        assertThat(written()).last().asString().endsWith("WARN  made up after all");
    }
}
