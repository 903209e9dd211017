// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.DropReason;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IntakeTest extends TestedIntake {
    IntakeTest(@TempDir Path directory) throws IOException {
        super(directory);
    }

    @Test
    void letsOnlyItsOwnerNearTheSocket() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.resolveSibling(""))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(socket.resolveSibling("engine.sock.ledger"))))
                .isEqualTo("rw-------");
    }

    @Test
    void makesASpanOfEachRecord() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(2, 0, Frames.http(0x11), Frames.http(0x12)));
            recorder.send(Frames.goodbye(2, 0));
            awaitLeft();
        }

        SpanData span = services.span("0000000000000011");
        assertThat(span.getTraceId()).isEqualTo("00000000000000070000000000000011");
        assertThat(span.getStartEpochNanos()).isEqualTo(1_699_999_999_000_000_000L);
        assertThat(span.getEndEpochNanos()).isEqualTo(1_699_999_999_500_000_000L);
        assertThat(services.spans.getFinishedSpanItems()).hasSize(2);
        assertThat(services.measured("http.server.request.duration")).isEqualTo(2);
        assertThat(services.accounts.seen()).isEqualTo(2);
        assertThat(services.accounts.received()).isEqualTo(2);
        assertThat(intake.counters().accepted()).isEqualTo(1);
        assertThat(intake.peers()).isZero();
    }

    @Test
    void readsAProcessThatEndedBeforeItWasWelcomed() throws Exception {
        services.doors = new CountDownLatch(1);
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(1, 0, 0, 0));
            recorder.send(Frames.batch(1, 0, Frames.http(0x11)));
        }
        services.doors.countDown();
        awaitLeft();

        assertThat(services.spans.getFinishedSpanItems()).hasSize(1);
        assertThat(services.accounts.seen()).isEqualTo(1);
    }

    @Test
    void tellsWhoTheRecorderIs() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, Golden.frame("hello"))) {
            assertThat(intake.peers()).isEqualTo(1);
            recorder.send(Frames.goodbye(9, 2));
            awaitLeft();
        }

        Hello hello = services.joined.getFirst();
        assertThat(hello.recorderId()).isEqualTo(0x7FEDCBA987654321L);
        assertThat(hello.settings()).containsEntry("OTEL_SERVICE_NAME", "shop").hasSize(2);
        assertThat(hello.process())
                .isEqualTo(new Hello.WorkerProcess(
                        4711,
                        "host-1-4700",
                        "cpython",
                        "3.11.7",
                        "CPython 3.11.7",
                        "host-1",
                        "amd64",
                        "uvicorn",
                        null,
                        "0.1.0",
                        "/dev/pts/3"));
        // HELLO said 3 were sent that nobody read, and 1 was dropped; GOODBYE raised that to 9 seen and 2 dropped, and
        // none
        // of them was read.
        assertThat(services.accounts.dropped(DropReason.CONNECTION)).isEqualTo(3 + 4);
        assertThat(services.accounts.dropped(DropReason.RECORDER)).isEqualTo(2);
        assertThat(services.accounts.seen()).isEqualTo(9);
    }

    @Test
    void countsWhatDiedInASocketWhenTheRecorderReturns() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(1, 0, Frames.http(0x11)));
        }
        awaitLeft();

        restart();
        try (Recorder recorder = Recorder.welcomed(socket, Frames.hello(1, 5, 7, 2))) {
            recorder.send(Frames.goodbye(7, 2));
            awaitLeft();
        }

        assertThat(services.accounts.dropped(DropReason.CONNECTION)).isEqualTo(4);
        assertThat(services.accounts.dropped(DropReason.RECORDER)).isEqualTo(2);
        assertThat(services.accounts.seen()).isEqualTo(6);
    }

    @Test
    void keepsItsAccountsExactOverManyReturns() throws Exception {
        long sent = 0;
        for (int round = 1; round <= 5; round++) {
            try (Recorder recorder = Recorder.welcomed(socket, Frames.hello(1, sent, sent, 0))) {
                recorder.send(Frames.batch(sent + 2, 0, Frames.http(2L * round), Frames.unsampled()));
            }
            awaitLeft();
            sent += 2;
        }

        assertThat(services.accounts.seen()).isEqualTo(10);
        assertThat(services.accounts.received()).isEqualTo(10);
        assertThat(services.accounts.measured()).isEqualTo(5);
        assertThat(services.accounts.dropped()).isZero();
    }

    @Test
    void waitsForTheOldConnectionOfARecorderBeforeItCountsLosses() throws Exception {
        try (Recorder back = new Recorder(socket)) {
            try (Recorder old = Recorder.welcomed(socket, 1)) {
                old.send(Frames.batch(1, 0, Frames.http(0x11)));
                back.send(Frames.hello(1, 1, 1, 0));
            }
            assertThat(back.answer()).isNotNull();
            back.send(Frames.goodbye(1, 0));
            awaitLeft();
            awaitLeft();
        }

        assertThat(services.accounts.dropped()).isZero();
        assertThat(services.accounts.received()).isEqualTo(1);
    }

    @Test
    void servesManyRecordersAtOnce() throws Exception {
        int recorders = 8;
        int batches = 200;
        CountDownLatch done = new CountDownLatch(recorders);
        for (int r = 1; r <= recorders; r++) {
            long id = r;
            Thread.ofVirtual().start(() -> {
                try (Recorder recorder = Recorder.welcomed(socket, id)) {
                    for (int i = 1; i <= batches; i++) {
                        recorder.send(Frames.batch(i, 0, Frames.http(id << 32 | i)));
                    }
                    recorder.send(Frames.goodbye(batches, 0));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } finally {
                    done.countDown();
                }
            });
        }
        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        for (int r = 0; r < recorders; r++) {
            awaitLeft();
        }

        assertThat(services.spans.getFinishedSpanItems())
                .hasSize(recorders * batches)
                .extracting(SpanData::getSpanId)
                .doesNotHaveDuplicates();
        assertThat(services.accounts.seen()).isEqualTo((long) recorders * batches);
        assertThat(services.accounts.received()).isEqualTo((long) recorders * batches);
    }
}
