// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static dev.spangard.export.Documents.mebibytes;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Documents tell the limits of queues, retries, series and spools as the code has them. */
class DocumentedLimitsTest {
    private static final String SECURITY = "SECURITY.md";
    private static final String CONFIGURATION = "docs/configuration.md";
    private static final String OPERATIONS = "docs/operations.md";

    private static final BatchQueueOptions QUEUE = BatchQueueOptions.DEFAULTS;
    private static final Retry RETRY = Retry.DEFAULTS;

    static List<Arguments> sentences() {
        return List.of(
                arguments(SECURITY, "| spans that wait for one exporter | %,d |", QUEUE.capacity()),
                arguments(CONFIGURATION, "| 1000 ms, %d, 2048, 30000 ms |", QUEUE.capacity()),
                arguments(OPERATIONS, "`OTEL_BSP_MAX_QUEUE_SIZE` (%,d spans an exporter)", QUEUE.capacity()),
                arguments(CONFIGURATION, "| 1000 ms, 8192, %d, 30000 ms |", QUEUE.batch()),
                arguments(
                        CONFIGURATION,
                        "| %d ms, 8192, 2048, 30000 ms |",
                        QUEUE.delay().toMillis()),
                arguments(
                        CONFIGURATION,
                        "| 1000 ms, 8192, 2048, %d ms |",
                        QUEUE.exportTimeout().toMillis()),
                arguments(CONFIGURATION, "a batch has at most %s, too", mebibytes(BoundedQueue.MAX_BATCH_BYTES)),
                arguments(
                        CONFIGURATION,
                        "exports for at most %d s, spans first",
                        QUEUE.shutdownTimeout().toSeconds()),
                arguments(
                        CONFIGURATION,
                        "the engine exports for %d s as without a spool",
                        QUEUE.shutdownTimeout().toSeconds()),
                arguments(
                        OPERATIONS,
                        "what %d s do not suffice for",
                        QUEUE.shutdownTimeout().toSeconds()),
                arguments(
                        CONFIGURATION,
                        "after %d s, 2 s, 4 s, 8 s,",
                        RETRY.first().toSeconds()),
                arguments(
                        CONFIGURATION,
                        "8 s, then each %d s, half more or less",
                        RETRY.longest().toSeconds()),
                arguments(
                        CONFIGURATION,
                        "no sooner than it says, up to %d s.",
                        RETRY.longestAsked().toSeconds()),
                arguments(
                        CONFIGURATION,
                        "a batch that has been tried for %d minutes",
                        RETRY.givesWayAfter().toMinutes()),
                arguments(
                        SECURITY,
                        "| spans and log records that wait for all exporters together | %s |",
                        mebibytes(MemoryLimit.DEFAULT_BYTES)),
                arguments(
                        CONFIGURATION,
                        "The spans of all queues together, and log records that wait, hold at most %s",
                        mebibytes(MemoryLimit.DEFAULT_BYTES)),
                arguments(OPERATIONS, "8,192 an exporter; %s together", mebibytes(MemoryLimit.DEFAULT_BYTES)),
                arguments(SECURITY, "| series of one instrument | %,d,", MetricReaders.DEFAULT_CARDINALITY_LIMIT),
                arguments(
                        CONFIGURATION,
                        "| `SPANGARD_METRIC_CARDINALITY_LIMIT` | %d |",
                        MetricReaders.DEFAULT_CARDINALITY_LIMIT),
                arguments(CONFIGURATION, "series of an instrument, 2 to %,d,", MetricReaders.MOST_CARDINALITY_LIMIT),
                arguments(OPERATIONS, "| %,d an instrument, at most 10,000;", MetricReaders.DEFAULT_CARDINALITY_LIMIT),
                arguments(OPERATIONS, "2,000 an instrument, at most %,d;", MetricReaders.MOST_CARDINALITY_LIMIT),
                arguments(CONFIGURATION, "2048 (at most %d), 512", LogExporters.MOST_QUEUE),
                arguments(OPERATIONS, "| 2,048 an exporter, at most %,d;", LogExporters.MOST_QUEUE),
                arguments(SECURITY, "| all files of the spool together | %s,", mebibytes(Spool.DEFAULT_BYTES)),
                arguments(CONFIGURATION, "of all files together; %dM by default", Spool.DEFAULT_BYTES >> 20),
                arguments(CONFIGURATION, "256M by default, %dM at least", Spool.MIN_BYTES >> 20),
                arguments(OPERATIONS, "| spool | %s:", mebibytes(Spool.DEFAULT_BYTES)),
                arguments(SECURITY, "| one record of the spool | %s,", mebibytes(SegmentFormat.MAX_REQUEST_BYTES)),
                arguments(
                        CONFIGURATION, "Beside the open services %d at most are told by name", ServiceBooks.MAX_NAMED),
                arguments(OPERATIONS, "| names of services that are gone | recorders | %d,", ServiceBooks.MAX_NAMED));
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @MethodSource("sentences")
    void saysWhatTheCodeHas(String file, String sentence, Object limit) throws IOException {
        Documents.assertSays(file, sentence, limit);
    }
}
