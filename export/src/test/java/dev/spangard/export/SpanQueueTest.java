// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.export.ExportBooks.Outcome;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SpanQueueTest {
    private static final Duration LONG = Duration.ofHours(1);

    private final FakeExporter exporter = new FakeExporter();
    private final FakeTally tally = new FakeTally();
    private Retry retry = Retry.DEFAULTS;
    private final SpanMemory memory = new SpanMemory(SpanMemory.DEFAULT_BYTES);
    private final TestAgenda agenda = new TestAgenda();
    private SpanQueue<?> queue = queue(agenda, SpanQueueOptions.DEFAULTS);
    private SdkTracerProvider provider = SdkTracerProvider.builder().build();

    private SpanQueue<?> queue(Agenda of, SpanQueueOptions options) {
        return new SpanQueue<>("shop, test", of, new PrintedOutlet(exporter), options, memory, tally);
    }

    private void start(int capacity, int batch, Duration delay, Duration exportTimeout, Duration shutdownTimeout) {
        start(agenda, new SpanQueueOptions(capacity, batch, delay, exportTimeout, shutdownTimeout, retry));
    }

    private void start(Agenda of, SpanQueueOptions options) {
        queue = queue(of, options);
        provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();
    }

    private FakeExporter.Call next() {
        agenda.run();
        return exporter.next();
    }

    private int delivered() {
        agenda.run();
        return tally.spans(Outcome.DELIVERED);
    }

    private int failed() {
        agenda.run();
        return tally.spans(Outcome.FAILED);
    }

    private void end(int spans) {
        Tracer tracer = provider.get("test");
        for (int i = 0; i < spans; i++) {
            tracer.spanBuilder("span").startSpan().end();
        }
    }

    private Tracer messages() {
        return SdkTracerProvider.builder()
                .addSpanProcessor(queue.children())
                .build()
                .get("test");
    }

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
    void exportsSpansOfMessagesLikeAnyAndCountsThemAsNoRequest() {
        start(4, 4, LONG, LONG, LONG);
        Tracer messages = messages();
        messages.spanBuilder("receive").startSpan().end();
        end(1);
        messages.spanBuilder("send").startSpan().end();
        messages.spanBuilder("send").startSpan().end();

        assertThat(next().spans()).isEqualTo(4);
        assertThat(tally.requests).hasValue(1);
    }

    @Test
    void countsTheRequestsAmongWhatFindsTheQueueFull() {
        start(4, 4, LONG, LONG, LONG);
        end(4);
        next();
        end(4);

        messages().spanBuilder("send").startSpan().end();
        end(1);

        assertThat(tally.spans(Outcome.QUEUE_FULL)).isEqualTo(2);
        assertThat(tally.requestsLost).hasValue(1);
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
        assertThat(tally.spans(Outcome.QUEUE_FULL)).isEqualTo(1);
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

        assertThat(tally.started).hasValue(3);
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

    /** Else the request would be read, and in no book. */
    @Test
    void countsASpanThatCannotBePreparedAndDoesNotThrow() {
        var odd = new SpanOutlet<Integer>() {
            @Override
            public Integer prepare(SpanData span) {
                throw new IllegalStateException("a bug in the encoder");
            }

            @Override
            public int bytes(Integer waiting) {
                return waiting;
            }

            @Override
            public Handed export(List<Integer> batch, int requests) {
                return Handed.KEPT;
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
        queue = new SpanQueue<>("shop, test", agenda, odd, SpanQueueOptions.DEFAULTS, memory, tally);
        provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();

        end(1);

        assertThat(failed()).isEqualTo(1);
        assertThat(tally.requestsLost).hasValue(1);
        assertThat(queue.queued()).isZero();
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
            assertThat(tally.spans(Outcome.UNCONFIRMED)).isEqualTo(2);
            assertThat(tally.spans(Outcome.SHUTDOWN)).isEqualTo(3);
            assertThat(memory.held()).isZero();
            assertThat(log.lines())
                    .anyMatch(line ->
                            line.endsWith("shop, test: at the end exported 0 spans, abandoned 3, 2 without an answer"));
            silent.answer(true);
            assertThat(tally.spans(Outcome.DELIVERED)).isZero();
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

        assertThat(tally.spans(Outcome.SHUTDOWN)).isEqualTo(2);
        assertThat(delivered()).isEqualTo(1);
        assertThat(queue.queued()).isZero();
    }

    private static NotDelivered passing() {
        return NotDelivered.answered("the collector answers 503", "503", true, null);
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
        assertThat(tally.started).hasValue(4);
        assertThat(delivered()).isEqualTo(2);
    }

    @Test
    void doesNotTryAgainWhatWillFailAgain() {
        retryAtOnce(LONG);
        start(8, 2, LONG, LONG, LONG);
        end(4);

        next().fail(NotDelivered.answered("the collector answers 400", "400", false, null));

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

        next().fail(NotDelivered.inPart("told to", 3));

        assertThat(delivered()).isEqualTo(1);
        assertThat(tally.spans(Outcome.REJECTED)).isEqualTo(3);
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
                    .anyMatch(line -> line.endsWith("shop, test: exports again"))
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
        assertThat(tally.spans(Outcome.SHUTDOWN)).isEqualTo(5);
    }

    @Test
    void accountsForEverySpanUnderLoad() throws Exception {
        exporter.succeedFromNowOn();
        start(new ThreadAgenda("test"), new SpanQueueOptions(64, 16, Duration.ofMillis(1), LONG, LONG, Retry.DEFAULTS));
        var threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = Thread.ofPlatform().start(() -> end(20_000));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(queue.shutdown().join(20, TimeUnit.SECONDS).isSuccess()).isTrue();

        assertThat(tally.spans(Outcome.DELIVERED) + tally.spans(Outcome.QUEUE_FULL))
                .isEqualTo(80_000);
        assertThat(tally.started).hasValue(tally.spans(Outcome.DELIVERED));
        assertThat(tally.spans(Outcome.DELIVERED)).isPositive();
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
        start(new ThreadAgenda("test"), new SpanQueueOptions(8, 1, LONG, LONG, LONG, Retry.DEFAULTS));
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
}
