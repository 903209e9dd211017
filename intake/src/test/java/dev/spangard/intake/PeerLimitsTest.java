// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import dev.spangard.wire.FrameAssembler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one connection may do, at the edge of each limit, beside one that does nothing wrong. */
final class PeerLimitsTest {
    private final Path socket;
    private final Ledger ledger;
    private final FakeServiceProvider services;
    private Intake intake;

    PeerLimitsTest(@TempDir Path directory) throws IOException {
        socket = directory.resolve("run/engine.sock");
        ledger = Ledger.open(socket);
        services = new FakeServiceProvider(ledger);
        intake = open(PeerLimits.DEFAULTS);
    }

    private Intake open(PeerLimits limits) throws IOException {
        var options = new IntakeOptions(socket, 8, 100, Duration.ofSeconds(2), limits, Set.of());
        return Intake.open(options, ledger, services.ids, services);
    }

    @AfterEach
    void close() throws IOException {
        intake.close();
        ledger.close();
    }

    /** Exactly as long as a HELLO may be, or so many bytes longer. */
    private static byte[] hello(int beyond) {
        int plain = Frames.hello(1, Map.of("OTEL_X", "", "OTEL_Y", "")).length - 4;
        int rest = Hello.MAX_BYTES - plain + beyond;
        Map<String, String> settings = new LinkedHashMap<>();
        for (int i = 0; rest > Hello.MAX_TEXT + 16; i++) {
            settings.put("OTEL_" + (char) ('a' + i), "x".repeat(Hello.MAX_TEXT));
            rest -= Hello.MAX_TEXT + 6 + 2 * 5;
        }
        settings.put("OTEL_X", "x".repeat(rest / 2));
        settings.put("OTEL_Y", "x".repeat(rest - rest / 2));
        return Frames.hello(1, settings);
    }

    @Test
    void takesAHelloOfItsSizeAndBelievesNoLargerOne() throws Exception {
        assertThat(hello(0)).hasSize(4 + Hello.MAX_BYTES);
        try (Recorder recorder = Recorder.welcomed(socket, hello(0))) {
            recorder.send(Frames.batch(1, 0, Frames.http(0x11, "x".repeat(100 << 10)))); // who is known may say more
            recorder.send(Frames.goodbye(1, 0));
            awaitLeft();
        }
        assertThat(services.spans.getFinishedSpanItems()).hasSize(1);
        try (Recorder large = new Recorder(socket)) {
            large.send(Arrays.copyOf(hello(1), 4)); // the length is enough
            assertThat(large.answer()).isNull();
        }
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isEqualTo(1);
        intake.close(); // behind which each connection has given back what it took
        assertThat(intake.largeFrames(false).taken()).isZero();
    }

    @Test
    void takesSoManySettingsOfSoManyCharacters() throws Exception {
        Map<String, String> most = new LinkedHashMap<>();
        for (int i = 0; i < Hello.MAX_ENTRIES; i++) {
            most.put("OTEL_" + i, "x");
        }
        Recorder.welcomed(socket, Frames.hello(1, most)).close();
        Recorder.welcomed(socket, Frames.hello(2, Map.of("OTEL_X", "x".repeat(Hello.MAX_TEXT))))
                .close();
        awaitLeft();
        awaitLeft();
        most.put("OTEL_ONE_MORE", "x");
        for (byte[] tooMuch :
                List.of(Frames.hello(3, most), Frames.hello(4, Map.of("OTEL_X", "x".repeat(Hello.MAX_TEXT + 1))))) {
            try (Recorder recorder = new Recorder(socket)) {
                recorder.send(tooMuch);
                assertThat(recorder.answer()).isNull();
            }
        }
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isEqualTo(2);
    }

    @Test
    void aRecorderOfAnotherUserIsNeverTheOneWithItsNumber() {
        Hello own = new Hello(
                7,
                5,
                5,
                1,
                Hello.SpanCounts.NONE,
                new Hello.WorkerProcess(1, "i", null, null, null, null, null, null, null, null, null),
                Map.of());
        assertThat(own.of("guest").recorderId())
                .isPositive()
                .isNotEqualTo(7)
                .isEqualTo(own.of("guest").recorderId())
                .isNotEqualTo(own.of("other").recorderId());
        assertThat(own.of("guest").sent()).isEqualTo(5);
    }

    @Test
    void countsARecordAboveItsSizeAsMalformedAndReadsTheOthers() throws Exception {
        int texts = Limits.RECORD - bytes(Frames.http(0x11, ""));
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(
                    3,
                    0,
                    Frames.http(0x11, "x".repeat(texts)),
                    Frames.http(0x12, "x".repeat(texts + 1)),
                    Frames.http(0x13, "")));
            recorder.send(Frames.goodbye(3, 0));
            awaitLeft();
        }

        assertThat(services.spans.getFinishedSpanItems())
                .extracting(span -> span.getSpanId())
                .containsExactly("0000000000000011", "0000000000000013");
        assertThat(services.accounts.dropped(DropReason.MALFORMED)).isEqualTo(1);
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isZero();
    }

    @Test
    void readsWhoSendsTooManyFramesNoFasterAndLosesNothing() throws Exception {
        intake.close();
        intake = open(new PeerLimits(1, 1 << 20, 1 << 20));
        var atOnce = new ByteArrayOutputStream();
        for (int i = 1; i <= 3; i++) {
            atOnce.write(Frames.batch(i, 0, Frames.http(i)));
        }
        atOnce.write(Frames.goodbye(3, 0));
        try (Recorder hasty = Recorder.welcomed(socket, 1);
                Recorder other = Recorder.welcomed(socket, 2)) {
            hasty.send(atOnce.toByteArray());
            other.send(Frames.goodbye(0, 0));
            awaitLeft();
            awaitLeft();
        }

        assertThat(services.spans.getFinishedSpanItems()).hasSize(3);
        assertThat(services.accounts.dropped()).isZero();
        assertThat(intake.counters().throttled()).isEqualTo(1);
    }

    @Test
    void cutsOffWhoWouldHoldMoreThanAllLargeFramesMayAndGivesItBack() throws Exception {
        intake.close();
        intake = open(new PeerLimits(100, 128 << 10, 1 << 20));
        byte[] claim =
                ByteBuffer.allocate(4).putInt(FrameAssembler.MAX_FRAME_BYTES).array();
        try (Recorder greedy = Recorder.welcomed(socket, 1);
                Recorder other = Recorder.welcomed(socket, 2)) {
            greedy.send(claim);
            greedy.send(new byte[(192 << 10) - 4]);
            awaitLeft();

            other.send(Frames.batch(1, 0, Frames.http(0x11, "x".repeat(100 << 10))));
            other.send(Frames.goodbye(1, 0));
            awaitLeft();
        }

        assertThat(services.spans.getFinishedSpanItems()).hasSize(1);
        intake.close(); // a peer is counted, and gives back what it holds, when its service has been told that it left
        assertThat(intake.counters().turned(RejectReason.MEMORY)).isEqualTo(1);
        assertThat(intake.largeFrames(false).taken()).isZero();
    }

    @Test
    void refusesAnOlderRecorderInOneSentence() throws Exception {
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(0, 1, 0, 0, 0));
            assertThat(recorder.refusal())
                    .isEqualTo("This engine speaks version 4 of the spangard protocol, the recorder version 0:"
                            + " upgrade spangard in the application, which is the older one.");
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.counters().turned(RejectReason.OLDER)).isEqualTo(1);
        assertThat(intake.counters().turned(RejectReason.NEWER)).isZero();
    }

    private static int bytes(Frames.Written record) {
        return Frames.batch(1, 0, record).length - Frames.batch(1, 0).length;
    }

    private void awaitLeft() throws InterruptedException {
        assertThat(services.left.poll(20, TimeUnit.SECONDS)).isNotNull();
    }
}
