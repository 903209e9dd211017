// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static dev.spangard.export.Documents.mebibytes;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.spangard.export.Documents;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Documents tell the limits of services, addresses and the log as the code has them. */
class DocumentedLimitsTest {
    private static final String SECURITY = "SECURITY.md";
    private static final String CONFIGURATION = "docs/configuration.md";
    private static final String OPERATIONS = "docs/operations.md";

    static List<Arguments> sentences() {
        return List.of(
                arguments(SECURITY, "| services of one engine | %d |", ServiceRegistry.MAX_SERVICES),
                arguments(CONFIGURATION, "| services | %d, other users' together 128 |", ServiceRegistry.MAX_SERVICES),
                arguments(
                        CONFIGURATION,
                        "| services | 256, other users' together %d |",
                        ServiceRegistry.MAX_SERVICES / 2),
                arguments(CONFIGURATION, "An engine serves %d services at a time", ServiceRegistry.MAX_SERVICES),
                arguments(OPERATIONS, "| services, each some threads | recorders | %d;", ServiceRegistry.MAX_SERVICES),
                arguments(
                        SECURITY,
                        "| settings of all services together | %s |",
                        mebibytes(ServiceRegistry.MAX_SETTINGS_BYTES)),
                arguments(
                        CONFIGURATION,
                        "| settings and resources of all services | %s of memory,",
                        mebibytes(ServiceRegistry.MAX_SETTINGS_BYTES)),
                arguments(
                        CONFIGURATION,
                        "A service that no recorder has used for %d s is flushed and closed.",
                        ServiceRegistry.UNUSED_FOR.toSeconds()),
                arguments(SECURITY, "| addresses where services are scraped | %d |", AdminServers.MAX_LISTENERS),
                arguments(CONFIGURATION, "other users' applications, %d of them at most", AdminServers.MAX_LISTENERS),
                arguments(SECURITY, "| one message in the engine's log | %d lines a minute,", LogThrottle.BURST),
                arguments(CONFIGURATION, "a message is shown %d times a minute", LogThrottle.BURST),
                arguments(OPERATIONS, "| all | %d told apart, 5 a minute each,", LogThrottle.MESSAGES),
                arguments(OPERATIONS, "A message that comes more than %d times a minute", LogThrottle.BURST),
                arguments(SECURITY, "5 lines a minute, %,d characters each |", LogFormat.LONGEST),
                arguments(OPERATIONS, "| none for %d s |", DropReport.QUIET_LOOKS));
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @MethodSource("sentences")
    void saysWhatTheCodeHas(String file, String sentence, Object limit) throws IOException {
        Documents.assertSays(file, sentence, limit);
    }
}
