// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineTest {
    @TempDir
    Path directory;

    private EngineOptions options(@Nullable Duration idleExit) {
        return new EngineOptions(directory.resolve("private/engine.sock"), idleExit, null, Level.INFO, LogFormat.TEXT);
    }

    @Test
    void makesItsDirectoryForThisUserAlone() throws Exception {
        try (Engine engine = Engine.start(options(null), Map.of(), new CountDownLatch(1))) {
            assertThat(engine).isNotNull();
            assertThat(Files.getPosixFilePermissions(directory.resolve("private")))
                    .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        }
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
