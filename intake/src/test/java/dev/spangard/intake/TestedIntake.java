// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Ledger;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** An intake at a socket of its own, whose time of day stands still. */
abstract class TestedIntake {
    static final long NOW = 1_800_000_000_000_000_000L;

    final Path socket;
    Ledger ledger;
    FakeServiceProvider services;
    Intake intake;

    TestedIntake(@TempDir Path directory) throws IOException {
        socket = directory.resolve("run/engine.sock");
        ledger = Ledger.open(socket);
        services = new FakeServiceProvider(ledger);
        intake = open();
    }

    Intake open() throws IOException {
        return Intake.open(IntakeOptions.at(socket), ledger, services.ids, services, () -> NOW);
    }

    /** As after a kill: another engine takes over the file. */
    void restart() throws IOException {
        intake.close();
        ledger.close();
        ledger = Ledger.open(socket);
        services = new FakeServiceProvider(ledger);
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

    void awaitLeft() throws InterruptedException {
        assertThat(services.left.poll(20, TimeUnit.SECONDS)).isNotNull();
    }

    static byte[] batchOf(int records) {
        return Frames.batch(
                records,
                0,
                LongStream.rangeClosed(1, records).mapToObj(Frames::http).toList());
    }
}
