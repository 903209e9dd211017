// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

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

/** Documents tell the limits of what is read and made of a request as the code has them. */
class DocumentedLimitsTest {
    private static final String CONFIGURATION = "docs/configuration.md";
    private static final String OPERATIONS = "docs/operations.md";
    private static final String TELEMETRY = "docs/telemetry.md";

    static List<Arguments> sentences() {
        int characters = TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT;
        return List.of(
                arguments(CONFIGURATION, "| `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` | %d |", characters),
                arguments(TELEMETRY, "Texts are cut to %,d characters", characters),
                arguments(CONFIGURATION, "that is not in the list, %d hops at most;", Forwarded.MAX_HOPS),
                arguments(
                        OPERATIONS, "| hops of `Forwarded` and `X-Forwarded-For` | clients | %d |", Forwarded.MAX_HOPS),
                arguments(
                        TELEMETRY,
                        "after the response was complete, from %d ms on",
                        StableSpanWriter.BACKGROUND_FROM_NANOS / 1_000_000));
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @MethodSource("sentences")
    void saysWhatTheCodeHas(String file, String sentence, Object limit) throws IOException {
        String text = Files.readString(Path.of("..", file)).replaceAll("\\s+", " ");
        assertThat(text).contains(String.format(Locale.ROOT, sentence, limit));
    }
}
