// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.spangard.wire.FrameAssembler;
import dev.spangard.wire.MarshalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Documents tell the limits of frames, records and connections as the code has them. */
class DocumentedLimitsTest {
    private static final String SECURITY = "SECURITY.md";
    private static final String CONFIGURATION = "docs/configuration.md";
    private static final String OPERATIONS = "docs/operations.md";
    private static final String WIRE = "docs/wire-protocol.md";

    private static final PeerLimits PEER = PeerLimits.DEFAULTS;

    static List<Arguments> sentences() {
        return List.of(
                arguments(SECURITY, "| a frame | %s |", size(FrameAssembler.MAX_FRAME_BYTES)),
                arguments(CONFIGURATION, "| frame | %s | cut off |", size(FrameAssembler.MAX_FRAME_BYTES)),
                arguments(WIRE, "1 ≤ N ≤ %s", size(FrameAssembler.MAX_FRAME_BYTES)),
                arguments(SECURITY, "| nesting in it | %,d |", MarshalReader.MAX_DEPTH),
                arguments(CONFIGURATION, "| nesting | %,d | cut off |", MarshalReader.MAX_DEPTH),
                arguments(OPERATIONS, "| nesting of a frame | recorders | %,d deep |", MarshalReader.MAX_DEPTH),
                arguments(WIRE, "Nesting is at most %,d deep", MarshalReader.MAX_DEPTH),
                arguments(WIRE, "Version: **%d**", Hello.VERSION),
                arguments(WIRE, "| 1 | version | int | %d |", Hello.VERSION),
                arguments(SECURITY, "| the first frame of a connection | %s |", size(Hello.MAX_BYTES + 4)),
                arguments(CONFIGURATION, "| HELLO | %s, less 4 bytes;", size(Hello.MAX_BYTES + 4)),
                arguments(WIRE, "A HELLO is at most %s, 4 bytes less.", size(Hello.MAX_BYTES + 4)),
                arguments(CONFIGURATION, "less 4 bytes; %,d entries", Hello.MAX_ENTRIES),
                arguments(
                        CONFIGURATION,
                        "entries of %s characters",
                        size(Hello.MAX_TEXT).replace("KiB", "Ki")),
                arguments(SECURITY, "| one record | %s |", size(Limits.RECORD)),
                arguments(CONFIGURATION, "| record | %s |", size(Limits.RECORD)),
                arguments(SECURITY, "| a text of a record | %s |", size(Limits.TEXT)),
                arguments(WIRE, "Every text field is at most %s", size(Limits.TEXT)),
                arguments(SECURITY, "| a text on a span of an application's own | %s |", size(Limits.API_TEXT)),
                arguments(WIRE, "A text is at most %s here.", size(Limits.API_TEXT)),
                arguments(WIRE, "at most %d in one another.", AttributesReader.MAX_NESTING),
                arguments(OPERATIONS, "| recorders | %d a connection are remembered, of", ScopeReader.MAX_KNOWN),
                arguments(OPERATIONS, "a connection are remembered, of %s |", size(ScopeReader.MAX_BYTES)),
                arguments(SECURITY, "| a stack trace of a record | %s |", size(Limits.STACKTRACE)),
                arguments(WIRE, "a stack trace %s;", size(Limits.STACKTRACE)),
                arguments(CONFIGURATION, "| records of a batch | %,d |", RecordReader.MAX_RECORDS),
                arguments(WIRE, "| 7 | records | list of tuples | at most %,d |", RecordReader.MAX_RECORDS),
                arguments(WIRE, "at most %,d attributes (str, bool, int or float;", RecordReader.MAX_MEASURED_WITH),
                arguments(SECURITY, "| recorders connected | %,d |", IntakeOptions.DEFAULT_MAX_PEERS),
                arguments(CONFIGURATION, "| connections | %,d,", IntakeOptions.DEFAULT_MAX_PEERS),
                arguments(CONFIGURATION, "| connections | 512, other users' together %,d |", guests()),
                arguments(SECURITY, "| open requests of one recorder | %,d |", IntakeOptions.DEFAULT_MAX_OPEN_PER_PEER),
                arguments(
                        CONFIGURATION,
                        "| running requests remembered | %,d a connection,",
                        IntakeOptions.DEFAULT_MAX_OPEN_PER_PEER),
                arguments(WIRE, "reads on, for at most %s", seconds(IntakeOptions.DEFAULT_CLOSE_TIMEOUT)),
                arguments(OPERATIONS, "than it can read in %s |", seconds(IntakeOptions.DEFAULT_CLOSE_TIMEOUT)),
                arguments(SECURITY, "| frames of one peer in a second | %,d,", PEER.framesPerSecond()),
                arguments(CONFIGURATION, "| frames a second and connection | %,d,", PEER.framesPerSecond()),
                arguments(WIRE, "More than %,d frames a second are read no faster", PEER.framesPerSecond()),
                arguments(
                        SECURITY, "| frames beyond 64 KiB, of all peers together | %s |", size(PEER.largeFrameBytes())),
                arguments(
                        CONFIGURATION,
                        "| frames beyond 64 KiB, all connections together | %s of memory;",
                        size(PEER.largeFrameBytes())),
                arguments(SECURITY, "| remembered open requests, of all peers together | %s |", size(PEER.openBytes())),
                arguments(CONFIGURATION, "a connection, %s of memory all together", size(PEER.openBytes())),
                arguments(CONFIGURATION, "behind a recorder for %s and", seconds(OverloadDetector.PATIENCE)),
                arguments(CONFIGURATION, "not been behind for %s:", seconds(OverloadDetector.CALM)));
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @MethodSource("sentences")
    void saysWhatTheCodeHas(String file, String sentence, Object limit) throws IOException {
        String text = Files.readString(Path.of("..", file)).replaceAll("\\s+", " ");
        assertThat(text).contains(String.format(Locale.ROOT, sentence, limit));
    }

    private static int guests() {
        return IntakeOptions.DEFAULT_MAX_PEERS / 2;
    }

    private static String seconds(Duration duration) {
        return duration.toMillis() / 1000.0 == duration.toSeconds() ? duration.toSeconds() + " s" : duration.toString();
    }

    /** In the larger unit, if it is a whole number of these. */
    private static String size(long bytes) {
        if (bytes % (1 << 20) == 0) {
            return (bytes >> 20) + " MiB";
        }
        return bytes % (1 << 10) == 0 ? (bytes >> 10) + " KiB" : bytes + " bytes";
    }
}
