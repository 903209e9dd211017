// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Ledger;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... arguments) {
        return Main.run(
                List.of(arguments),
                Map.of(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private String error() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void helpAndVersionAreNoErrors() {
        assertThat(run("engine", "--help")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("usage: spangard engine");
        assertThat(run("--version")).isZero();
        assertThat(error()).isEmpty();
    }

    @Test
    void wrongCommandLineIsOneLineAndTwo() {
        assertThat(run("engine", "--idle-exit", "soon\u001b", "--socket", "/x")).isEqualTo(2);
        assertThat(error().lines()).hasSize(1);
        assertThat(error()).contains("soon\\x1b");
    }

    @Test
    void anotherEngineAtTheSocketIsOneLineAndZero() throws Exception {
        Path socket = directory.resolve("engine.sock");
        try (Ledger ledger = Ledger.open(socket)) {
            assertThat(ledger).isNotNull();
            assertThat(run("engine", "--socket", socket.toString(), "--admin", "off"))
                    .isZero();
        }
        assertThat(error().lines()).hasSize(1);
        assertThat(error()).contains("another engine is running at " + socket);
    }

    @Test
    void sigtermIsAnOrderlyEndAndIsLoggedToItsEnd() throws Exception {
        Path socket = directory.resolve("engine.sock");
        Process engine = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "engine",
                        "--socket=" + socket,
                        "--admin=off")
                .start();
        try (var log = engine.errorReader(StandardCharsets.UTF_8)) {
            assertThat(log.readLine()).contains(" INFO  engine ").endsWith("listens at " + socket);

            engine.toHandle().destroy();

            assertThat(engine.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(engine.exitValue()).isZero();
            assertThat(log.readAllLines()).hasSize(1).first().asString().endsWith("engine ends");
        } finally {
            engine.destroyForcibly();
        }
    }

    @Test
    void engineThatCannotStartIsOneLineAndThree() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        assertThat(run("engine", "--socket", file.resolve("engine.sock").toString(), "--admin", "off"))
                .isEqualTo(3);
        assertThat(error().lines()).hasSize(1);
        assertThat(error()).contains("cannot start");
    }
}
