// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With processes of their own, whose output is what the kernel says it is. */
final class PeerOutputTest {
    @TempDir
    Path directory;

    private PeerOutput output(ConnectedProcess process, long acceptedNanos, @Nullable String terminal)
            throws IOException {
        return new PeerOutput(process.channel, acceptedNanos, Files.getOwner(directory), terminal);
    }

    private void print(ConnectedProcess process, String text) throws IOException {
        try (OutputStream out = output(process, System.nanoTime(), null).open()) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static ProcessBuilder.Redirect file(Path file) {
        return ProcessBuilder.Redirect.appendTo(file.toFile());
    }

    @Test
    void isTheFileThatTheProcessPrintsTo() throws Exception {
        Path file = directory.resolve("out");
        try (var process = new ConnectedProcess(directory, file(file))) {
            print(process, "é\n");
        }
        assertThat(file).content().contains("mine\n").contains("é\n").hasSize(7);
    }

    @Test
    void isThePipeThatTheProcessPrintsTo() throws Exception {
        try (var process = new ConnectedProcess(directory, ProcessBuilder.Redirect.PIPE)) {
            print(process, "ours\n");
            assertThat(process.printed()).contains("mine\n").contains("ours\n");
        }
    }

    @Test
    void stillTakesWhatIsWrittenWhenTheProcessHasEnded() throws Exception {
        Path file = directory.resolve("out");
        try (var process = new ConnectedProcess(directory, file(file));
                OutputStream out = output(process, System.nanoTime(), null).open()) {
            process.end();
            out.write('x');
        }
        assertThat(file).hasContent("mine\nx");
    }

    @Test
    void takesALongTextWhole() throws Exception {
        Path file = directory.resolve("out");
        String text = "0123456789".repeat(300_000);
        try (var process = new ConnectedProcess(directory, file(file))) {
            print(process, text);
        }
        assertThat(Files.readString(file).replace("mine\n", "")).isEqualTo(text);
    }

    @Test
    void isNothingOnceTheProcessHasEnded() throws Exception {
        Path file = directory.resolve("out");
        try (var process = new ConnectedProcess(directory, file(file))) {
            process.end();
            assertThatThrownBy(() -> print(process, "x")).isInstanceOf(IOException.class);
        }
        assertThat(file).hasContent("mine\n");
    }

    /** A number of a process that ended may have come to mean another one, which is younger than the connection. */
    @Test
    void isNothingOfAProcessThatIsYoungerThanTheConnection() throws Exception {
        Path file = directory.resolve("out");
        long earlier = System.nanoTime() - TimeUnit.HOURS.toNanos(1);
        try (var process = new ConnectedProcess(directory, file(file))) {
            assertThatThrownBy(() -> output(process, earlier, null).open())
                    .isInstanceOf(IOException.class)
                    .hasMessage("it has ended");
        }
    }

    @Test
    void isNothingThatIsNeitherTerminalNorPipeNorFile() throws Exception {
        try (var process = new ConnectedProcess(directory, file(Path.of("/dev/full")))) {
            assertThatThrownBy(() -> print(process, "x"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("neither a terminal, nor a pipe");
        }
    }

    @Test
    void mayBeNothingAtAll() throws Exception {
        try (var process = new ConnectedProcess(directory, ProcessBuilder.Redirect.DISCARD)) {
            print(process, "x"); // /dev/null takes it
        }
    }

    @Test
    void isNotWhatTheProcessSaysItsTerminalIs() throws Exception {
        Path file = directory.resolve("out");
        Path other = Files.createFile(directory.resolve("other"));
        try (var process = new ConnectedProcess(directory, file(file));
                OutputStream out =
                        output(process, System.nanoTime(), other.toString()).open()) {
            out.write('x');
        }
        assertThat(other).isEmptyFile();
        assertThat(file).content().contains("x");
    }

    @ParameterizedTest
    @CsvSource({
        "1,3,true",
        "1,5,false",
        "1,7,false",
        "4,1,true",
        "5,0,true",
        "5,1,true",
        "5,2,false",
        "8,0,false",
        "135,0,false",
        "136,0,true",
        "143,255,true",
        "144,0,false",
        "204,64,true",
        "229,0,true",
        "10,200,false"
    })
    void knowsTerminalsByTheirNumbers(int major, int minor, boolean terminal) {
        assertThat(PeerOutput.isTerminalOrNull(((long) major << 8) | minor)).isEqualTo(terminal);
    }

    @Test
    void readsAMinorNumberAboveAByte() {
        assertThat(PeerOutput.isTerminalOrNull((1L << 8) | 3 | (1L << 20))).isFalse();
    }
}
