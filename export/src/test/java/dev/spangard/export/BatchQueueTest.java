// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Counts;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BatchQueueTest extends TestedBatchQueue {
    @Test
    void exportsAFullBatchAtOnce() {
        start(8, 4, LONG, LONG, LONG);

        end(3);
        agenda.run();
        assertThat(exporter.calls).isEmpty();
        end(1);

        assertThat(next().spans()).isEqualTo(4);
    }

    @Test
    void exportsAPartOfABatchAfterTheDelay() {
        start(8, 4, Duration.ofSeconds(3), LONG, LONG);

        end(1);
        agenda.advance(Duration.ofMillis(2_999));
        assertThat(exporter.calls).isEmpty();
        end(1);
        agenda.advance(Duration.ofMillis(1));

        assertThat(exporter.next().spans()).isEqualTo(2);
    }

    @Test
    void handsTheExporterOneBatchAtATimeAndDropsWhatFindsTheQueueFull() {
        start(4, 2, LONG, LONG, LONG);
        end(2);
        FakeExporter.Call first = next();

        end(5);
        agenda.run();

        assertThat(queue.queued()).isEqualTo(4);
        assertThat(outcomes.spans(ExportOutcome.QUEUE_FULL)).isEqualTo(1);
        assertThat(exporter.calls).isEmpty();
        first.answer(true);
        assertThat(next().spans()).isEqualTo(2);
    }

    @Test
    void tellsWhatTheExporterAnswered() {
        start(4, 1, LONG, LONG, LONG);

        end(1);
        next().answer(true);
        end(1);
        next().answer(false);
        end(1);
        next();

        assertThat(outcomes.started).hasValue(3);
        assertThat(delivered()).isEqualTo(1);
        assertThat(failed()).isEqualTo(1);
    }

    @Test
    void goesOnAfterAnExporterThatThrows() {
        start(4, 1, LONG, LONG, LONG);
        exporter.throwOnce.set(true);

        end(2);

        next().answer(true);
        assertThat(failed()).isEqualTo(1);
        assertThat(delivered()).isEqualTo(1);
    }

    @Test
    void goesOnAfterAnExporterThatDoesNotAnswerAndCountsItsLateAnswer() {
        start(4, 1, LONG, Duration.ofSeconds(30), LONG);
        end(2);
        FakeExporter.Call silent = next();
        agenda.advance(Duration.ofMillis(29_999));
        assertThat(exporter.calls).isEmpty();
        agenda.advance(Duration.ofMillis(1));

        exporter.next().answer(true);
        assertThat(delivered()).isEqualTo(1);

        silent.answer(true);
        assertThat(delivered()).isEqualTo(2);
    }

    @Test
    void accountsForEverySpanUnderLoad() throws Exception {
        exporter.succeedFromNowOn();
        start(
                new ThreadAgenda("test"),
                new BatchQueueOptions(64, 16, Duration.ofMillis(1), LONG, LONG, Retry.DEFAULTS));
        var threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = Thread.ofPlatform().start(() -> end(20_000));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(queue.shutdown().join(20, TimeUnit.SECONDS).isSuccess()).isTrue();

        assertThat(outcomes.spans(ExportOutcome.DELIVERED) + outcomes.spans(ExportOutcome.QUEUE_FULL))
                .isEqualTo(80_000);
        assertThat(outcomes.started).hasValue(outcomes.spans(ExportOutcome.DELIVERED));
        assertThat(outcomes.spans(ExportOutcome.DELIVERED)).isPositive();
    }

    /** A result runs its callbacks under a lock of its own, under which others are taken: never the reverse. */
    @Test
    void isNotInDeadlockWhenItIsAtWorkWhileTheAnswerComes() throws Exception {
        var inTheAnswer = new CountDownLatch(1);
        exporter.inAnswer = () -> {
            end(1);
            queue.forceFlush();
            try {
                assertThat(inTheAnswer.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        start(new ThreadAgenda("test"), new BatchQueueOptions(8, 1, LONG, LONG, LONG, Retry.DEFAULTS));
        end(1);
        FakeExporter.Call call = exporter.await();
        Thread answering = Thread.ofPlatform().daemon().start(() -> call.answer(true));
        // The queue's thread is not held up by the answer that has not come to its end.
        CompletableResultCode closed = queue.shutdown();
        inTheAnswer.countDown();

        assertThat(answering.join(Duration.ofSeconds(20))).isTrue();
        exporter.succeedFromNowOn();
        assertThat(closed.join(20, TimeUnit.SECONDS).isSuccess()).isTrue();
    }

    /** Nothing here knows of spans but who adds them. */
    @Test
    void batchesWhateverItIsGivenAndCallsThatByItsName() {
        List<List<String>> batches = new ArrayList<>();
        var records = new Outlet<String>() {
            @Override
            public int bytes(String waiting) {
                return waiting.length();
            }

            @Override
            public Handed export(List<String> batch, Counts counts) {
                batches.add(batch);
                return Handed.sent(new CompletableResultCode());
            }

            @Override
            public String item() {
                return "log record";
            }

            @Override
            public String exported() {
                return "exported";
            }

            @Override
            public CompletableResultCode shutdown(long byNanoTime) {
                return CompletableResultCode.ofSuccess();
            }
        };
        var logs = new BatchQueue<>("shop, logs", agenda, records, BatchQueueOptions.DEFAULTS, memory, outcomes);
        try (var log = CapturedLog.of("spangard.engine")) {
            logs.add("one", Counts.NONE);
            logs.add("two", Counts.NONE);
            logs.shutdown();
            agenda.advance(BatchQueueOptions.SHUTDOWN_TIMEOUT);

            assertThat(batches).containsExactly(List.of("one", "two"));
            assertThat(outcomes.spans(ExportOutcome.UNCONFIRMED)).isEqualTo(2);
            assertThat(outcomes.requests).hasValue(0);
            assertThat(memory.held()).isZero();
            assertThat(log.lines())
                    .anyMatch(line -> line.endsWith("shop, logs: log records are not exported: no answer in time"))
                    .anyMatch(line -> line.endsWith(
                            "shop, logs: at the end exported 0 log records, abandoned 0, 2 without an answer"));
        }
    }
}
