// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.sdk.common.CompletableResultCode;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BatchQueueRetryTest extends TestedBatchQueue {
    private static ExportException passing() {
        return ExportException.answered("the collector answers 503", "503", true, null);
    }

    private void retryAtOnce(Duration givesWayAfter) {
        retry = new Retry(Duration.ZERO, Duration.ZERO, Duration.ZERO, givesWayAfter);
    }

    @Test
    void triesAgainUntilTheFaultHasPassedAndLosesNothing() {
        retryAtOnce(Duration.ZERO);
        start(8, 2, LONG, LONG, LONG);
        end(2);
        for (int i = 0; i < 50; i++) {
            next().fail(passing());
        }
        end(3);
        assertThat(failed()).isZero();

        next().answer(true);

        assertThat(next().spans()).isEqualTo(2);
        assertThat(outcomes.started).hasValue(4);
        assertThat(delivered()).isEqualTo(2);
    }

    @Test
    void doesNotTryAgainWhatWillFailAgain() {
        retryAtOnce(LONG);
        start(8, 2, LONG, LONG, LONG);
        end(4);

        next().fail(ExportException.answered("the collector answers 400", "400", false, null));

        next().answer(true);
        assertThat(failed()).isEqualTo(2);
        assertThat(delivered()).isEqualTo(2);
    }

    @Test
    void anOldBatchGivesWayOnlyWhenTheQueueIsFull() {
        retryAtOnce(Duration.ZERO);
        start(4, 2, LONG, LONG, LONG);
        end(2);
        next().fail(passing());
        FakeExporter.Call again = next();
        end(4);
        assertThat(failed()).isZero();

        again.fail(passing());

        assertThat(failed()).isEqualTo(2);
        next().answer(true);
    }

    @Test
    void countsWhatACollectorRejectsOfABatchItTakes() {
        start(4, 4, LONG, LONG, LONG);
        end(4);

        next().fail(ExportException.inPart("told to", 3));

        assertThat(delivered()).isEqualTo(1);
        assertThat(outcomes.spans(ExportOutcome.REJECTED)).isEqualTo(3);
        assertThat(failed()).isZero();
    }

    @Test
    void triesOnceMoreAtTheEndAndSaysWhatBecameOfEach() {
        retry = new Retry(LONG, LONG, LONG, LONG);
        start(8, 2, LONG, LONG, LONG);
        try (var log = CapturedLog.of("spangard.engine")) {
            end(5);
            next().fail(passing());
            agenda.run();

            CompletableResultCode closed = queue.shutdown();
            next().answer(true);
            exporter.succeedFromNowOn();

            assertThat(delivered()).isEqualTo(5);
            assertThat(closed.isSuccess()).isTrue();
            assertThat(log.lines())
                    .anyMatch(line -> line.contains("shop, test: spans are not exported: the collector answers 503"))
                    .anyMatch(line -> line.endsWith("shop, test: spans are exported again"))
                    .anyMatch(line ->
                            line.endsWith("shop, test: at the end exported 5 spans, abandoned 0, 0 without an answer"));
        }
    }

    @Test
    void whatIsStillTriedWhenTheTimeIsOverWasLostByTheShutdown() {
        retry = new Retry(LONG, LONG, LONG, LONG);
        start(8, 2, LONG, LONG, Duration.ofSeconds(5));
        end(5);
        next().fail(passing());
        exporter.failFromNowOn(passing());

        CompletableResultCode closed = queue.shutdown();
        agenda.advance(Duration.ofSeconds(6));

        assertThat(closed.isDone()).isTrue();
        assertThat(outcomes.spans(ExportOutcome.SHUTDOWN)).isEqualTo(5);
    }
}
