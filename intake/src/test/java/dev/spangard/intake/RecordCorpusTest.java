// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What fuzzing has found to be worth keeping, and what CPython writes, through the fuzz target. */
final class RecordCorpusTest {
    static List<Path> inputs() throws IOException {
        try (Stream<Path> corpus = Files.list(Path.of("src/test/corpus/records"))) {
            return corpus.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void holds(Path input) throws IOException {
        RecordFuzz.fuzzerTestOneInput(Files.readAllBytes(input));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void holdsForWhatCPythonWrites(int mode) throws IOException {
        var all = new ByteArrayOutputStream();
        all.write(mode);
        for (String batch : Golden.BATCHES) {
            all.write(Golden.frame(batch));
        }
        all.write(Golden.frame("upstream"));
        all.write(Golden.frame("upstream_open"));
        all.write(Golden.frame("spans"));
        RecordFuzz.fuzzerTestOneInput(all.toByteArray());
    }

    @Test
    void hasACorpus() throws IOException {
        org.assertj.core.api.Assertions.assertThat(inputs()).isNotEmpty();
    }
}
