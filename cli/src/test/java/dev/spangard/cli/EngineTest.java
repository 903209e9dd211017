// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.export.Spool;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineTest {
    @TempDir
    Path directory;

    private EngineOptions options(@Nullable Duration idleExit) {
        return new EngineOptions(
                directory.resolve("private/engine.sock"),
                false,
                Set.of(),
                idleExit,
                null,
                null,
                false,
                Level.INFO,
                LogFormat.TEXT);
    }

    @Test
    void makesItsDirectoryForThisUserAlone() throws Exception {
        try (Engine engine = Engine.start(options(null), Map.of(), new CountDownLatch(1))) {
            assertThat(engine).isNotNull();
            assertThat(Files.getPosixFilePermissions(directory.resolve("private")))
                    .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxr-xr-x", "rwxrwx---", "rwx--x--x"})
    void refusesADirectoryThatIsNotItsOwnAlone(String mode) throws Exception {
        Path open = Files.createDirectory(directory.resolve("private"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString(mode));

        assertThatThrownBy(() -> Engine.start(options(null), Map.of(), new CountDownLatch(1)))
                .isInstanceOf(IOException.class)
                .hasMessage(open + " must have mode rwx------ (0700), not " + mode);
    }

    @Test
    void refusesALinkToADirectory() throws Exception {
        Files.createSymbolicLink(directory.resolve("private"), Files.createDirectory(directory.resolve("elsewhere")));

        assertThatThrownBy(() -> Engine.start(options(null), Map.of(), new CountDownLatch(1)))
                .hasMessageContaining("must be a directory, not a link");
    }

    @Test
    void letsOthersPassToItsSocketWhereTheyAreServed() throws Exception {
        var shared = new EngineOptions(
                directory.resolve("private/engine.sock"),
                false,
                Set.of(12345),
                null,
                null,
                null,
                false,
                Level.INFO,
                LogFormat.TEXT);
        try (Engine engine = Engine.start(shared, Map.of(), new CountDownLatch(1))) {
            assertThat(engine).isNotNull();
            assertThat(mode("private")).isEqualTo("rwx--x--x");
            assertThat(mode("private/engine.sock")).isEqualTo("rw-rw-rw-");
            assertThat(mode("private/engine.sock.ledger")).isEqualTo("rw-------");
        }
    }

    @Test
    void startsNotWhereItsSpoolIsAnotherEnginesAndLetsGoOfAll() throws Exception {
        Path spool = directory.resolve("spool");
        var spooling = new EngineOptions(
                directory.resolve("private/engine.sock"),
                false,
                Set.of(),
                null,
                new EngineOptions.Spooling(spool, Spool.MIN_BYTES),
                null,
                false,
                Level.INFO,
                LogFormat.TEXT);
        try (Spool others = Spool.open(spool, Spool.MIN_BYTES)) {
            assertThat(others.used()).isZero();
            assertThatThrownBy(() -> Engine.start(spooling, Map.of(), new CountDownLatch(1)))
                    .isInstanceOf(IOException.class)
                    .hasMessage("another engine has the spool " + spool);
        }
        try (Engine engine = Engine.start(spooling, Map.of(), new CountDownLatch(1))) {
            assertThat(engine).isNotNull();
        }
    }

    private String mode(String path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(path)));
    }

    @Test
    void leavesWhenNobodyComes() throws Exception {
        try (Engine engine = Engine.start(options(Duration.ofMillis(1)), Map.of(), new CountDownLatch(1))) {
            engine.awaitStop();
        }
    }

    @Test
    void makesPlaceForTheNextEngine() throws Exception {
        Engine.start(options(null), Map.of(), new CountDownLatch(1)).close();
        try (Engine engine = Engine.start(options(null), Map.of(), new CountDownLatch(1));
                SocketChannel recorder = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            assertThat(engine).isNotNull();
            assertThat(recorder.connect(UnixDomainSocketAddress.of(directory.resolve("private/engine.sock"))))
                    .isTrue();
        }
    }
}
