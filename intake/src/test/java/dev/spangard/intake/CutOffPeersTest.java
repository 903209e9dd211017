// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Balance;
import dev.spangard.books.DropReason;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CutOffPeersTest extends TestedIntake {
    CutOffPeersTest(@TempDir Path directory) throws IOException {
        super(directory);
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

        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isEqualTo(1);
        assertThat(intake.counters().vanished()).isZero();
        assertThat(services.spans.getFinishedSpanItems()).hasSize(1);
    }

    @Test
    void closesPeerThatClaimsAGigabyte() throws Exception {
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(new byte[] {0x40, 0, 0, 0});
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isEqualTo(1);
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
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isEqualTo(1);
    }

    @Test
    void refusesAnotherVersionInOneSentence() throws Exception {
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(5, 1, 0, 0, 0));

            assertThat(recorder.refusal())
                    .isEqualTo("This engine speaks version 4 of the spangard protocol, the recorder version 5:"
                            + " replace the engine, which is the older one.");
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.counters().turned(RejectReason.NEWER)).isEqualTo(1);
    }

    @Test
    void refusesInTheWordsOfTheCompositionRoot() throws Exception {
        services.refuseWith = "OTEL_TRACES_EXPORTER=zipkin is not supported.";
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(1, 0, 0, 0));

            assertThat(recorder.refused())
                    .isEqualTo(new Recorder.Refused("OTEL_TRACES_EXPORTER=zipkin is not supported.", 60));
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
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isEqualTo(1);
    }

    /** It would have the line of nobody: every free one. */
    @Test
    void cutsOffARecorderThatIsNobody() throws Exception {
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(0, 0, 0, 0));
            assertThat(recorder.answer()).isNull();
        }
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isEqualTo(1);
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
            assertThat(second.refused()).isEqualTo(new Recorder.Refused("The engine already has 1 connections.", 5));
            first.send(Frames.goodbye(0, 0));
            awaitLeft();
        }
    }
}
