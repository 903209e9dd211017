// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What fuzzing has found to be worth keeping, and what CPython writes, through the fuzz target. */
final class MarshalCorpusTest {
    static List<Path> inputs() throws IOException {
        try (Stream<Path> corpus = Files.list(Path.of("src/test/corpus/marshal"));
                Stream<Path> golden = Files.list(Path.of("src/test/golden"))) {
            return Stream.concat(corpus, golden.filter(file -> file.toString().endsWith(".bin")))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void holds(Path input) throws IOException {
        MarshalFuzz.fuzzerTestOneInput(Files.readAllBytes(input));
    }
}
