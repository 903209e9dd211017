// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What documents say of limits, for the tests of this module and of {@code cli} that compare it with the code. */
public final class Documents {
    private Documents() {}

    /**
     * Fails if the document does not say it.
     *
     * @param file below the root of the checkout
     * @param sentence as its lines are joined, with a place for the limit ({@link String#format})
     */
    public static void assertSays(String file, String sentence, Object limit) throws IOException {
        String text = Files.readString(Path.of("..", file)).replaceAll("\\s+", " ");
        assertThat(text).contains(String.format(Locale.ROOT, sentence, limit));
    }

    /** In MiB, if it is a whole number of these. */
    public static String mebibytes(long bytes) {
        return bytes % (1 << 20) == 0 ? (bytes >> 20) + " MiB" : bytes + " bytes";
    }
}
