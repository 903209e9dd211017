// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.sdk.common.CompletableResultCode;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BatchQueueEndTest extends TestedBatchQueue {
    @Test
    void flushIsDoneWhenAllThatWasQueuedIsExported() {
        start(8, 4, LONG, LONG, LONG);
        end(5);
        FakeExporter.Call first = next();

        CompletableResultCode flushed = queue.forceFlush();
        end(1);
        first.answer(true);
        FakeExporter.Call second = next();
        assertThat(second.spans()).isEqualTo(2);
        assertThat(flushed.isDone()).isFalse();
        end(1);
        second.answer(true);
        agenda.run();

        assertThat(flushed.isSuccess()).isTrue();
        assertThat(exporter.calls).isEmpty();
    }

    @Test
    void flushOfAnEmptyQueueIsDone() {
        start(8, 4, LONG, LONG, LONG);
        CompletableResultCode flushed = queue.forceFlush();
        agenda.run();
        assertThat(flushed.isSuccess()).isTrue();
    }

    @Test
    void shutdownExportsAllThatIsQueuedAndThenTheExporterIsShutDown() {
        exporter.succeedFromNowOn();
        start(8, 2, LONG, LONG, LONG);
        end(5);
        CompletableResultCode flushed = queue.forceFlush();

        CompletableResultCode closed = queue.shutdown();
        assertThat(queue.shutdown()).isSameAs(closed);
        assertThat(delivered()).isEqualTo(5);

        assertThat(closed.isSuccess()).isTrue();
        assertThat(flushed.isSuccess()).isTrue();
        assertThat(exporter.isShutDown).isTrue();
        assertThat(agenda.isClosed()).isTrue();
    }

    @Test
    void shutdownEndsInTimeAndSaysWhatBecameOfEach() {
        start(8, 2, LONG, LONG, Duration.ofSeconds(5));
        try (var log = CapturedLog.of("spangard.engine")) {
            end(5);
            FakeExporter.Call silent = next();

            CompletableResultCode closed = queue.shutdown();
            agenda.advance(Duration.ofMillis(4_999));
            assertThat(closed.isDone()).isFalse();
            agenda.advance(Duration.ofMillis(2));

            assertThat(closed.isSuccess()).isTrue();
            assertThat(outcomes.spans(ExportOutcome.UNCONFIRMED)).isEqualTo(2);
            assertThat(outcomes.spans(ExportOutcome.SHUTDOWN)).isEqualTo(3);
            assertThat(memory.held()).isZero();
            assertThat(log.lines())
                    .anyMatch(line ->
                            line.endsWith("shop, test: at the end exported 0 spans, abandoned 3, 2 without an answer"));
            silent.answer(true);
            assertThat(outcomes.spans(ExportOutcome.DELIVERED)).isZero();
            assertThat(memory.held()).isZero();
        }
    }

    @Test
    void spanAfterShutdownIsLostByTheShutdown() {
        exporter.succeedFromNowOn();
        start(8, 2, LONG, LONG, LONG);
        end(1);
        queue.shutdown();
        // The provider itself is still open.
        end(1);
        agenda.run();
        end(1);

        assertThat(outcomes.spans(ExportOutcome.SHUTDOWN)).isEqualTo(2);
        assertThat(delivered()).isEqualTo(1);
        assertThat(queue.queued()).isZero();
    }
}
