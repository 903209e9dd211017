// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.books.EngineRunningException;
import dev.spangard.books.Ledger;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How an intake begins, where something may be at its socket, and how it ends, when nothing that was written is lost. */
final class IntakeLifeTest {
    /** Fewer than the kernel lets wait. */
    private static final int ARRIVALS = 40;

    private static final int ROUNDS = 20;

    private final Path socket;
    private final Ledger ledger;
    private final FakeServiceProvider services;
    private Intake intake;

    IntakeLifeTest(@TempDir Path directory) throws IOException {
        socket = directory.resolve("run/engine.sock");
        ledger = Ledger.open(socket);
        services = new FakeServiceProvider(ledger);
        intake = open();
    }

    private Intake open() throws IOException {
        return Intake.open(IntakeOptions.at(socket), ledger, services.ids, services);
    }

    @AfterEach
    void close() throws IOException {
        intake.close();
        ledger.close();
    }

    @Test
    void readsOnCloseWhoHadConnectedAndWasNotLetInYet() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 1; i <= ARRIVALS; i++) {
                var wholeLife = new ByteArrayOutputStream();
                wholeLife.write(Frames.hello((long) round * ARRIVALS + i, 0, 0, 0));
                wholeLife.write(Frames.batch(1, 0, Frames.http(i)));
                wholeLife.write(Frames.goodbye(1, 0));
                try (Recorder recorder = new Recorder(socket)) {
                    recorder.send(wholeLife.toByteArray());
                }
            }
            intake.close();
            intake = open();
        }

        assertThat(services.accounts.received()).isEqualTo((long) ROUNDS * ARRIVALS);
        assertThat(services.accounts.seen()).isEqualTo((long) ROUNDS * ARRIVALS);
    }

    @Test
    void losesNothingOnCloseOfARecorderThatNeverPauses() throws Exception {
        var asked = new CountDownLatch(1);
        var sent = new AtomicInteger();
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            Thread listener = Thread.ofVirtual().start(() -> {
                try {
                    assertThat(recorder.answer()).isNull();
                    asked.countDown();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            Thread writer = Thread.ofPlatform().start(() -> {
                try (recorder) {
                    while (asked.getCount() > 0) {
                        int next = sent.incrementAndGet();
                        recorder.send(Frames.batch(next, 0, Frames.http(next)));
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            while (sent.get() < 200) {
                Thread.onSpinWait();
            }

            intake.close();
            listener.join();
            writer.join();
        }

        assertThat(services.accounts.received()).isEqualTo(sent.get());
        assertThat(intake.counters().vanished()).isZero();
    }

    @Test
    void readsOnCloseWhatHasAlreadyArrived() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            for (int i = 1; i <= 200; i++) {
                recorder.send(Frames.batch(i, 0, Frames.http(i)));
            }
            recorder.send(Frames.batch(201, 0, Frames.open(0xffff)));
            intake.close();
            assertThat(recorder.answer()).isNull();
        }

        assertThat(services.spans.getFinishedSpanItems()).hasSize(200);
        assertThat(services.active()).isZero();
        assertThat(intake.counters().vanished()).isZero();
        assertThat(Files.exists(socket)).isFalse();
    }

    @Test
    void leavesOnCloseTheSocketOfItsSuccessor() throws Exception {
        assertThat(intake.isReachable()).isTrue();
        Files.delete(socket);
        assertThat(intake.isReachable()).isFalse();
        try (Intake successor = open()) {
            assertThat(intake.isReachable()).isFalse();
            intake.close();

            assertThat(successor.isReachable()).isTrue();
            Recorder.welcomed(socket, 1).close();
        }
        assertThat(Files.exists(socket)).isFalse();
    }

    @Test
    void refusesARecorderForWhichAClassCannotBeLoadedAndServesTheNext() throws Exception {
        services.failWith = new NoClassDefFoundError("could not be loaded");
        try (Recorder recorder = new Recorder(socket)) {
            recorder.send(Frames.hello(1, 0, 0, 0));
            assertThat(recorder.refusal()).startsWith("The engine failed to serve this process");
        }
        services.failWith = null;

        Recorder.welcomed(socket, 2).close();
    }

    @Test
    void takesOverASocketThatNobodyAnswersAt() throws Exception {
        intake.close();
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(Files.exists(socket)).isTrue();

        intake = open();

        Recorder.welcomed(socket, 1).close();
    }

    @Test
    void leavesASocketAloneWhereSomebodyAnswers() {
        assertThatThrownBy(this::open).isInstanceOf(EngineRunningException.class);
        assertThatThrownBy(() -> Ledger.open(socket)).isInstanceOf(EngineRunningException.class);
    }

    @Test
    void leavesAFileAloneThatIsNoSocket(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("precious"), "data");

        assertThatThrownBy(() -> Intake.open(IntakeOptions.at(file), ledger, services.ids, services))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not a socket");
        assertThat(file).hasContent("data");
    }

    @Test
    void leavesALinkAloneThatLeadsNowhere(@TempDir Path directory) throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("nowhere"));

        assertThatThrownBy(() -> Intake.open(IntakeOptions.at(link), ledger, services.ids, services))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not a socket");
        assertThat(link).isSymbolicLink();
    }
}
