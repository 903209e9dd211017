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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    void anotherEngineAtTheSocketIsOneLineAndFour() throws Exception {
        Path socket = directory.resolve("engine.sock");
        try (Ledger ledger = Ledger.open(socket)) {
            assertThat(ledger).isNotNull();
            assertThat(run("engine", "--socket", socket.toString(), "--admin", "off"))
                    .isEqualTo(4);
        }
        assertThat(error().lines())
                .containsExactly("spangard: another engine is running at " + socket + "; --replace takes its place");
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
        assertThat(error().lines())
                .containsExactly("spangard: the engine cannot start at " + file.resolve("engine.sock") + ": " + file
                        + " is in the way: it is no directory");
    }

    @ParameterizedTest
    @CsvSource({
        "/proc/none/engine.sock, '/proc/none is not there and cannot be made'",
        "/dev/null/private/engine.sock, '/dev/null is in the way: it is no directory'",
    })
    void whatCannotBeMadeIsNamedInPlainWords(String socket, String said) {
        assertThat(run("engine", "--socket", socket, "--admin", "off")).isEqualTo(3);
        assertThat(error().lines()).containsExactly("spangard: the engine cannot start at " + socket + ": " + said);
    }

    @Test
    void aSpoolThatCannotBeMadeIsNamedInPlainWords() {
        Path socket = directory.resolve("private/engine.sock");
        assertThat(run("engine", "--socket", socket.toString(), "--spool", "/proc/none/spool", "--admin", "off"))
                .isEqualTo(3);
        assertThat(error().lines())
                .containsExactly("spangard: the engine cannot start at " + socket
                        + ": /proc/none is not there and cannot be made");
    }

    @Test
    void aSocketPathThatIsTooLongIsOneLine() {
        Path socket = directory.resolve("private/" + "x".repeat(120));
        assertThat(run("engine", "--socket", socket.toString(), "--admin", "off"))
                .isEqualTo(3);
        assertThat(error().lines()).hasSize(1);
        assertThat(error()).doesNotContain("Exception");
    }
}
