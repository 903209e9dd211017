// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.cli.ExportBooks.Outcome;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SpanQueueTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(1);

    private final FakeExporter exporter = new FakeExporter();
    private final FakeTally tally = new FakeTally();
    private Retry retry = Retry.DEFAULTS;
    private SpanMemory memory = new SpanMemory(SpanMemory.DEFAULT_BYTES);
    private SpanQueue<?> queue = queue(SpanQueueOptions.DEFAULTS);
    private SdkTracerProvider provider = SdkTracerProvider.builder().build();

    private SpanQueue<?> queue(SpanQueueOptions options) {
        return new SpanQueue<>("shop, test", "test", new PrintedOutlet(exporter), options, memory, tally);
    }

    private void start(int capacity, int batch, Duration delay, Duration exportTimeout, Duration shutdownTimeout) {
        queue = queue(new SpanQueueOptions(capacity, batch, delay, exportTimeout, shutdownTimeout, retry))
                .start();
        provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();
    }

    private void end(int spans) {
        end(spans, "span");
    }

    private void end(int spans, String name) {
        Tracer tracer = provider.get("test");
        for (int i = 0; i < spans; i++) {
            tracer.spanBuilder(name).startSpan().end();
        }
    }

    /** Lets every export still waiting for its answer succeed, so that the queue's thread ends. */
    @AfterEach
    void endTheThread() {
        exporter.succeedFromNowOn();
        provider.shutdown().join(20, TimeUnit.SECONDS);
    }

    @Test
    void exportsAFullBatchAtOnce() throws Exception {
        start(8, 4, LONG, LONG, LONG);

        end(4);

        assertThat(exporter.next().spans()).isEqualTo(4);
    }

    @Test
    void exportsSpansOfMessagesLikeAnyAndCountsThemAsNoRequest() throws Exception {
        start(4, 4, LONG, LONG, LONG);
        Tracer messages = SdkTracerProvider.builder()
                .addSpanProcessor(queue.children())
                .build()
                .get("test");
        messages.spanBuilder("receive").startSpan().end();
        end(1);
        messages.spanBuilder("send").startSpan().end();
        messages.spanBuilder("send").startSpan().end();

        assertThat(exporter.next().spans()).isEqualTo(4);
        assertThat(tally.requests).hasValue(1);
    }

    @Test
    void countsTheRequestsAmongWhatFindsTheQueueFull() throws Exception {
        start(4, 4, LONG, LONG, LONG);
        Tracer messages = SdkTracerProvider.builder()
                .addSpanProcessor(queue.children())
                .build()
                .get("test");
        end(4);
        FakeExporter.Call first = exporter.next();
        end(4);

        messages.spanBuilder("send").startSpan().end();
        end(1);

        assertThat(tally.overflowed).hasValue(2);
        assertThat(tally.requestsLost).hasValue(1);
        first.answer(true);
    }

    @Test
    void exportsAPartOfABatchAfterTheDelay() throws Exception {
        start(8, 4, SHORT, LONG, LONG);

        end(1);

        assertThat(exporter.next().spans()).isEqualTo(1);
    }

    @Test
    void handsTheExporterOneBatchAtATimeAndDropsWhatFindsTheQueueFull() throws Exception {
        start(4, 2, LONG, LONG, LONG);
        end(2);
        FakeExporter.Call first = exporter.next();

        end(5);

        assertThat(queue.queued()).isEqualTo(4);
        assertThat(tally.overflowed).hasValue(1);
        assertThat(exporter.calls).isEmpty();
        first.answer(true);
        assertThat(exporter.next().spans()).isEqualTo(2);
    }

    @Test
    void tellsWhatTheExporterAnswered() throws Exception {
        start(4, 1, LONG, LONG, LONG);

        end(1);
        exporter.next().answer(true);
        end(1);
        exporter.next().answer(false);
        end(1);
        exporter.next();
        tally.awaitAnswers(2);

        assertThat(tally.started).hasValue(3);
        assertThat(tally.delivered).hasValue(1);
        assertThat(tally.failed).hasValue(1);
    }

    @Test
    void goesOnAfterAnExporterThatThrows() throws Exception {
        start(4, 1, LONG, LONG, LONG);
        exporter.throwOnce.set(true);

        end(1);
        end(1);

        exporter.next().answer(true);
        tally.awaitAnswers(2);
        assertThat(tally.failed).hasValue(1);
        assertThat(tally.delivered).hasValue(1);
    }

    @Test
    void goesOnAfterAnExporterThatDoesNotAnswerAndCountsItsLateAnswer() throws Exception {
        start(4, 1, LONG, SHORT, LONG);
        end(1);
        FakeExporter.Call silent = exporter.next();

        end(1);
        exporter.next().answer(true);
        tally.awaitAnswers(1);
        assertThat(tally.delivered).hasValue(1);

        silent.answer(true);
        tally.awaitAnswers(1);
        assertThat(tally.delivered).hasValue(2);
    }

    @Test
    void flushExportsAllThatIsQueued() throws Exception {
        start(8, 4, LONG, LONG, LONG);
        end(3);

        CompletableResultCode flushed = queue.forceFlush();

        FakeExporter.Call call = exporter.next();
        assertThat(call.spans()).isEqualTo(3);
        assertThat(flushed.isDone()).isFalse();
        call.answer(true);
        assertThat(flushed.join(20, TimeUnit.SECONDS).isSuccess()).isTrue();
    }

    @Test
    void flushOfAnEmptyQueueIsDone() {
        start(8, 4, LONG, LONG, LONG);
        assertThat(queue.forceFlush().join(20, TimeUnit.SECONDS).isSuccess()).isTrue();
    }

    @Test
    void shutdownExportsAllThatIsQueuedAndThenTheExporterIsShutDown() {
        exporter.succeedFromNowOn();
        start(8, 2, LONG, LONG, LONG);
        end(5);

        assertThat(queue.shutdown().join(20, TimeUnit.SECONDS).isSuccess()).isTrue();

        assertThat(tally.delivered).hasValue(5);
        assertThat(tally.abandoned).hasValue(0);
        assertThat(exporter.isShutDown).isTrue();
    }

    @Test
    void shutdownEndsInTimeAndSaysWhatItAbandoned() throws Exception {
        start(8, 2, LONG, LONG, SHORT);
        end(5);
        exporter.next();

        assertThat(queue.shutdown().join(20, TimeUnit.SECONDS).isDone()).isTrue();

        // Two at the exporter, for which nobody waits any more; it may be asked for two more before the time is over.
        assertThat(tally.started.get() + tally.abandoned.get()).isEqualTo(5);
        assertThat(tally.abandoned.get()).isPositive();
    }

    @Test
    void spanAfterShutdownIsCountedAsDropped() {
        exporter.succeedFromNowOn();
        start(8, 2, LONG, LONG, LONG);
        queue.shutdown().join(20, TimeUnit.SECONDS);

        end(1);
        // The provider itself is still open.
        assertThat(tally.overflowed).hasValue(1);
        assertThat(queue.queued()).isZero();
    }

    private static NotDelivered passing() {
        return NotDelivered.answered("the collector answers 503", "503", true, null);
    }

    private void retryAtOnce(Duration givesWayAfter) {
        retry = new Retry(Duration.ofNanos(1), Duration.ofNanos(1), Duration.ofNanos(1), givesWayAfter);
    }

    @Test
    void triesAgainUntilTheFaultHasPassedAndLosesNothing() throws Exception {
        retryAtOnce(Duration.ZERO);
        start(8, 2, LONG, LONG, LONG);
        end(2);
        for (int i = 0; i < 50; i++) {
            exporter.next().result().failExceptionally(passing());
        }
        end(3);
        assertThat(tally.failed).hasValue(0);

        exporter.next().answer(true);

        assertThat(exporter.next().spans()).isEqualTo(2);
        assertThat(tally.started).hasValue(4);
        assertThat(tally.delivered).hasValue(2);
    }

    @Test
    void doesNotTryAgainWhatWillFailAgain() throws Exception {
        retryAtOnce(LONG);
        start(8, 2, LONG, LONG, LONG);
        end(4);

        exporter.next()
                .result()
                .failExceptionally(NotDelivered.answered("the collector answers 400", "400", false, null));

        exporter.next().answer(true);
        tally.awaitAnswers(4);
        assertThat(tally.failed).hasValue(2);
        assertThat(tally.delivered).hasValue(2);
    }

    @Test
    void anOldBatchGivesWayOnlyWhenTheQueueIsFull() throws Exception {
        retryAtOnce(Duration.ZERO);
        start(4, 2, LONG, LONG, LONG);
        end(2);
        exporter.next().result().failExceptionally(passing());
        FakeExporter.Call again = exporter.next();
        end(4);
        assertThat(tally.failed).hasValue(0);

        again.result().failExceptionally(passing());

        tally.awaitAnswers(2);
        assertThat(tally.failed).hasValue(2);
        exporter.next().answer(true);
    }

    @Test
    void countsWhatACollectorRejectsOfABatchItTakes() throws Exception {
        start(4, 4, LONG, LONG, LONG);
        end(4);

        exporter.next().result().failExceptionally(NotDelivered.inPart("told to", 3));

        tally.awaitAnswers(4);
        assertThat(tally.delivered).hasValue(1);
        assertThat(tally.rejected).hasValue(3);
        assertThat(tally.failed).hasValue(0);
    }

    @Test
    void triesOnceMoreAtTheEndAndSaysWhatBecameOfEach() throws Exception {
        retry = new Retry(LONG, LONG, LONG, LONG);
        start(8, 2, LONG, LONG, LONG);
        try (var log = CapturedLog.of("spangard.engine")) {
            end(5);
            exporter.next().result().failExceptionally(passing());

            CompletableResultCode closed = queue.shutdown();
            exporter.next().answer(true);
            exporter.succeedFromNowOn();

            assertThat(closed.join(20, TimeUnit.SECONDS).isSuccess()).isTrue();
            assertThat(tally.delivered).hasValue(5);
            assertThat(log.lines())
                    .anyMatch(line -> line.contains("shop, test: spans are not exported: the collector answers 503"))
                    .anyMatch(line -> line.endsWith("shop, test: exports again"))
                    .anyMatch(line ->
                            line.endsWith("shop, test: at the end exported 5 spans, abandoned 0, 0 without an answer"));
        }
    }

    @Test
    void whatIsStillTriedWhenTheTimeIsOverWasLostByTheShutdown() throws Exception {
        retry = new Retry(LONG, LONG, LONG, LONG);
        start(8, 2, LONG, LONG, SHORT);
        end(5);
        exporter.next().result().failExceptionally(passing());
        exporter.failFromNowOn(passing());

        assertThat(queue.shutdown().join(20, TimeUnit.SECONDS).isDone()).isTrue();

        assertThat(tally.failed.get() + tally.abandoned.get()).isEqualTo(5);
        assertThat(tally.lastOutcome).isEqualTo(Outcome.SHUTDOWN);
    }

    @Test
    void accountsForEverySpanUnderLoad() throws Exception {
        exporter.succeedFromNowOn();
        start(64, 16, SHORT, LONG, LONG);
        var threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = Thread.ofPlatform().start(() -> end(20_000));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        queue.shutdown().join(20, TimeUnit.SECONDS);

        assertThat(tally.delivered.get() + tally.overflowed.get()).isEqualTo(80_000);
        assertThat(tally.started).hasValue(tally.delivered.get());
        assertThat(tally.delivered.get()).isPositive();
    }

    /** A result runs its callbacks under a lock of its own, under which the queue's lock is taken: never the reverse. */
    @Test
    void isNotInDeadlockWhenItWakesWhileTheAnswerComes() throws Exception {
        exporter.inAnswer = () -> {
            end(1); // wakes the queue's thread, which looks whether the answer has come
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300);
            while (exporter.calledBy.getState() != Thread.State.BLOCKED && System.nanoTime() - until < 0) {
                Thread.onSpinWait();
            }
        };
        start(8, 1, SHORT, LONG, LONG);
        end(1);
        FakeExporter.Call call = exporter.next();
        Thread answering = Thread.ofPlatform().daemon().start(() -> call.answer(true));

        assertThat(answering.join(Duration.ofSeconds(20))).isTrue();
        assertThat(exporter.next().spans()).isEqualTo(1);
    }
}
