// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Documents tell the places in the ledger as the code has them. */
class DocumentedLimitsTest {
    private static final String CONFIGURATION = "docs/configuration.md";
    private static final String OPERATIONS = "docs/operations.md";

    static List<Arguments> sentences() {
        int services = LedgerFile.MAX_SERVICES - 1; // the last place is that of all others
        return List.of(
                arguments(CONFIGURATION, "services remembered in the ledger | %,d,", LedgerFile.MAX_RECORDERS),
                arguments(CONFIGURATION, "4,096, half of them of other users; %,d |", services),
                arguments(OPERATIONS, "| places in the ledger | recorders | %,d services,", services),
                arguments(OPERATIONS, "511 services, %,d recorders |", LedgerFile.MAX_RECORDERS));
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @MethodSource("sentences")
    void saysWhatTheCodeHas(String file, String sentence, Object limit) throws IOException {
        String text = Files.readString(Path.of("..", file)).replaceAll("\\s+", " ");
        assertThat(text).contains(String.format(Locale.ROOT, sentence, limit));
    }
}
