// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConsoleTest {
    @TempDir
    Path directory;

    @Test
    void appendsToWhatIsThere() throws Exception {
        Path file = Files.writeString(directory.resolve("out"), "before\n");
        try (var console = Console.at(file.toString(), false)) {
            console.write("é\n");
            Files.writeString(file, "between\n", StandardOpenOption.APPEND);
            console.write("last\n");
        }
        assertThat(file).hasContent("before\né\nbetween\nlast\n");
    }

    @Test
    void makesNoFileAndComplainsOnce() {
        Path missing = directory.resolve("missing");
        try (var console = Console.at(missing.toString(), false);
                var log = CapturedLog.of("spangard.engine")) {
            assertThatThrownBy(() -> console.write("x")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> console.write("x")).isInstanceOf(IOException.class);
            assertThat(log.lines()).hasSize(1).first().asString().contains("nothing is printed");
        }
        assertThat(missing).doesNotExist();
    }

    @Test
    void aReleasedConsoleIsQuietlyClosedUntilTheApplicationComesBack() throws Exception {
        Path file = Files.writeString(directory.resolve("out"), "");
        var console = Console.at(file.toString(), false);
        try (var log = CapturedLog.of("spangard.engine")) {
            console.write("a\n");
            console.close();
            assertThatThrownBy(() -> console.write("b\n")).isInstanceOf(IOException.class);
            assertThat(log.lines()).isEmpty();

            console.reopen(file.toString());
            console.write("c\n");
        } finally {
            console.close();
        }
        assertThat(file).hasContent("a\nc\n");
    }

    @Test
    void aPathThatIsNoneIsAFailureToo() {
        try (var console = Console.at("a\0b", false)) {
            assertThatThrownBy(() -> console.write("x")).isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({"9,\\x09", "31,\\x1f", "127,\\x7f", "159,\\x9f", "8232,\\u2028", "8238,\\u202e", "8297,\\u2069"})
    void printableEscapesTheEdgesOfEachRange(int control, String escaped) {
        assertThat(Console.printable("a" + (char) control + "b")).isEqualTo("a" + escaped + "b");
    }

    @ParameterizedTest
    @CsvSource({"32", "126", "160", "233", "8231", "8239", "8293", "8304"})
    void printableKeepsWhatIsBesideThem(int harmless) {
        String text = "a" + (char) harmless + "b";
        assertThat(Console.printable(text)).isSameAs(text);
    }
}
