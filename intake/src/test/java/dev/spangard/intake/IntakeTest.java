// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Balance;
import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IntakeTest {
    private static final long NOW = 1_800_000_000_000_000_000L;

    private final Path socket;
    private Ledger ledger;
    private FakeServices services;
    private Intake intake;

    IntakeTest(@TempDir Path directory) throws IOException {
        socket = directory.resolve("run/engine.sock");
        ledger = Ledger.open(socket);
        services = new FakeServices(ledger);
        intake = open();
    }

    private Intake open() throws IOException {
        return Intake.open(IntakeOptions.at(socket), ledger, services.ids, services, () -> NOW);
    }

    /** As after a kill: another engine takes over the file. */
    private void restart() throws IOException {
        intake.close();
        ledger.close();
        ledger = Ledger.open(socket);
        services = new FakeServices(ledger);
        intake = open();
    }

    @AfterEach
    void close() throws IOException {
        intake.close();
        ledger.close();
    }

    @BeforeEach
    void startsWithNobody() {
        assertThat(intake.peers()).isZero();
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
    void cutsOffAPeerThatSendsGarbageAndNobodyElse() throws Exception {
        try (Recorder good = Recorder.welcomed(socket, 1);
                Recorder bad = Recorder.welcomed(socket, 2)) {
            bad.send(new byte[] {0, 0, 0, 4, 'r', 'u', 'b', 'b'});
            assertThat(bad.answer()).isNull();
            awaitLeft();

            good.send(Frames.batch(1, 0, Frames.http(0x11)));
            good.send(Frames.goodbye(1, 0));
            awaitLeft();
        }

        assertThat(intake.counters().turned(Turned.MALFORMED)).isEqualTo(1);
        assertThat(intake.counters().vanished()).isZero();
        assertThat(services.spans.getFinishedSpanItems()).hasSize(1);
    }

    @Test
    void closesPeerThatClaimsAGigabyte() throws Exception {
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(new byte[] {0x40, 0, 0, 0});
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.counters().turned(Turned.MALFORMED)).isEqualTo(1);
    }

    @Test
    void takesABatchOfTheMostRecordsAndCutsOffALargerOne() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(batchOf(RecordReader.MAX_RECORDS));
            recorder.send(batchOf(RecordReader.MAX_RECORDS + 1));
            assertThat(recorder.answer()).isNull();
            awaitLeft();
        }

        assertThat(services.accounts.received()).isEqualTo(RecordReader.MAX_RECORDS);
        assertThat(intake.counters().turned(Turned.MALFORMED)).isEqualTo(1);
    }

    @Test
    void refusesAnotherVersionInOneSentence() throws Exception {
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(3, 1, 0, 0, 0));

            assertThat(recorder.refusal())
                    .isEqualTo("This engine speaks version 2 of the spangard protocol, the recorder version 3:"
                            + " replace the engine, which is the older one.");
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.counters().turned(Turned.NEWER)).isEqualTo(1);
    }

    @Test
    void refusesInTheWordsOfTheCompositionRoot() throws Exception {
        services.refuseWith = "OTEL_TRACES_EXPORTER=zipkin is not supported.";
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(1, 0, 0, 0));

            assertThat(recorder.refusal()).isEqualTo("OTEL_TRACES_EXPORTER=zipkin is not supported.");
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.peers()).isZero();
    }

    @Test
    void cutsOffAPeerThatDoesNotSayHelloFirst() throws Exception {
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.goodbye(0, 0));
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.counters().turned(Turned.MALFORMED)).isEqualTo(1);
    }

    /** It would have the line of nobody: every free one. */
    @Test
    void cutsOffARecorderThatIsNobody() throws Exception {
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(0, 0, 0, 0));
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.counters().turned(Turned.MALFORMED)).isEqualTo(1);
    }

    @Test
    void believesNoCountsThatCannotBeAndReadsWhatCameWithThem() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, Frames.hello(1, 7, 3, 9))) {
            recorder.send(Frames.batch(-5, Long.MAX_VALUE, Frames.http(0x11)));
            recorder.send(Frames.goodbye(Long.MAX_VALUE, 0));
            awaitLeft();
        }

        Balance books = services.accounts.balance();
        assertThat(books.dropped(DropReason.RECORDER)).isEqualTo(3);
        assertThat(books.received()).isEqualTo(1);
        assertThat(books.queuedAtRecorders()).isZero();
        assertThat(books.seen()).isPositive();
    }

    @Test
    void refusesMorePeersThanAllowed() throws Exception {
        intake.close();
        intake = Intake.open(
                new IntakeOptions(socket, 1, 10, Duration.ofSeconds(2), PeerLimits.DEFAULTS, Set.of()),
                ledger,
                services.ids,
                services,
                () -> NOW);
        try (Recorder first = Recorder.welcomed(socket, 1);
                Recorder second = new Recorder(socket)) {
            assertThat(second.refusal()).isEqualTo("The engine already has 1 connections.");
            first.send(Frames.goodbye(0, 0));
            awaitLeft();
        }
    }

    @Test
    void closesTheOpenRequestsOfAWorkerThatDies() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(1, 0, Frames.open(0x11), Frames.openUnsampled(0x12), Frames.http(0x13)));
        }
        awaitLeft();

        SpanData span = services.span("0000000000000011");
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo("worker_died");
        assertThat(span.getTraceId()).isEqualTo("00000000000000070000000000000011");
        assertThat(span.getEndEpochNanos()).isEqualTo(NOW);
        assertThat(services.active()).isZero();
        assertThat(services.accounts.seen()).isEqualTo(3);
        assertThat(services.accounts.received()).isEqualTo(3);
        assertThat(services.accounts.measured()).isEqualTo(1);
        assertThat(intake.counters().vanished()).isEqualTo(1);
    }

    @Test
    void endsTheOpenRequestsOfAWorkerThatSaysGoodbye() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(1, 0, Frames.open(0x11), Frames.openUnsampled(0x12), Frames.http(0x13)));
            recorder.send(Frames.goodbye(1, 0));
            awaitLeft();
        }

        SpanData span = services.span("0000000000000011");
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo("worker_exited");
        assertThat(span.getEndEpochNanos()).isEqualTo(Frames.GOODBYE_NANOS);
        assertThat(services.active()).isZero();
        assertThat(services.accounts.seen()).isEqualTo(3);
        assertThat(services.accounts.received()).isEqualTo(3);
        assertThat(services.accounts.measured()).isEqualTo(1);
        assertThat(services.measured("http.server.request.duration")).isEqualTo(3);
        assertThat(intake.counters().vanished()).isZero();
    }

    @Test
    void countsOpenRequestsAsActiveUntilTheyEnd() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(0, 0, Frames.open(0x11), Frames.openUnsampled(0x12)));
            recorder.send(Frames.batch(1, 0, Frames.http(0x11)));
            recorder.send(Frames.goodbye(1, 0));
            awaitLeft();
        }

        // The unsampled one was still open at the goodbye: it has ended with its process, and is no span.
        assertThat(services.active()).isZero();
        assertThat(services.spans.getFinishedSpanItems()).hasSize(1);
        assertThat(services.measured("http.server.request.duration")).isEqualTo(2);
    }

    @Test
    void remembersNoMoreOpenRequestsThanAllowed() throws Exception {
        intake.close();
        intake = Intake.open(
                new IntakeOptions(socket, 9, 2, Duration.ofSeconds(2), PeerLimits.DEFAULTS, Set.of()),
                ledger,
                services.ids,
                services,
                () -> NOW);
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(0, 0, Frames.open(0x11), Frames.open(0x12), Frames.open(0x13)));
        }
        awaitLeft();

        assertThat(services.spans.getFinishedSpanItems())
                .extracting(SpanData::getSpanId)
                .containsExactly("0000000000000012", "0000000000000013");
        assertThat(services.active()).isZero();
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

    private void awaitLeft() throws InterruptedException {
        assertThat(services.left.poll(20, TimeUnit.SECONDS)).isNotNull();
    }

    private static byte[] batchOf(int records) {
        return Frames.batch(
                records,
                0,
                LongStream.rangeClosed(1, records).mapToObj(Frames::http).toList());
    }
}
