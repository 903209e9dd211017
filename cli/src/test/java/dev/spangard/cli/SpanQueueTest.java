// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.cli.ExportBooks.Outcome;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SpanQueueTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(1);

    private final FakeExporter exporter = new FakeExporter();
    private final FakeTally tally = new FakeTally();
    private Retry retry = Retry.DEFAULTS;
    private SpanQueue queue = queue(SpanQueueOptions.DEFAULTS);
    private SdkTracerProvider provider = SdkTracerProvider.builder().build();

    private SpanQueue queue(SpanQueueOptions options) {
        return new SpanQueue("shop, test", "test", exporter, options, tally);
    }

    private void start(int capacity, int batch, Duration delay, Duration exportTimeout, Duration shutdownTimeout) {
        queue = queue(new SpanQueueOptions(capacity, batch, delay, exportTimeout, shutdownTimeout, retry))
                .start();
        provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();
    }

    private void end(int spans) {
        Tracer tracer = provider.get("test");
        for (int i = 0; i < spans; i++) {
            tracer.spanBuilder("span").startSpan().end();
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

        assertThat(exporter.next().spans).isEqualTo(4);
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

        assertThat(exporter.next().spans).isEqualTo(4);
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

        assertThat(exporter.next().spans).isEqualTo(1);
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
        assertThat(exporter.next().spans).isEqualTo(2);
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
        assertThat(call.spans).isEqualTo(3);
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
            exporter.next().result.failExceptionally(passing());
        }
        end(3);
        assertThat(tally.failed).hasValue(0);

        exporter.next().answer(true);

        assertThat(exporter.next().spans).isEqualTo(2);
        assertThat(tally.started).hasValue(4);
        assertThat(tally.delivered).hasValue(2);
    }

    @Test
    void doesNotTryAgainWhatWillFailAgain() throws Exception {
        retryAtOnce(LONG);
        start(8, 2, LONG, LONG, LONG);
        end(4);

        exporter.next()
                .result
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
        exporter.next().result.failExceptionally(passing());
        FakeExporter.Call again = exporter.next();
        end(4);
        assertThat(tally.failed).hasValue(0);

        again.result.failExceptionally(passing());

        tally.awaitAnswers(2);
        assertThat(tally.failed).hasValue(2);
        exporter.next().answer(true);
    }

    @Test
    void countsWhatACollectorRejectsOfABatchItTakes() throws Exception {
        start(4, 4, LONG, LONG, LONG);
        end(4);

        exporter.next().result.failExceptionally(NotDelivered.inPart("told to", 3));

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
            exporter.next().result.failExceptionally(passing());

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
        exporter.next().result.failExceptionally(passing());
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
        assertThat(exporter.next().spans).isEqualTo(1);
    }

    /** Holds each batch until the test answers. */
    private static final class FakeExporter implements SpanExporter {
        record Call(int spans, CompletableResultCode result) {
            void answer(boolean delivered) {
                if (delivered) {
                    result.succeed();
                } else {
                    result.fail();
                }
            }
        }

        final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
        private final Queue<Call> all = new ConcurrentLinkedQueue<>();
        final AtomicBoolean throwOnce = new AtomicBoolean();
        volatile boolean isShutDown;
        /** Run by the answer to the next export, before anybody else hears of it. */
        volatile Runnable inAnswer = () -> {};
        /** The queue's thread. */
        volatile Thread calledBy = Thread.currentThread();

        private volatile boolean succeeds;
        private volatile @Nullable Throwable fails;

        Call next() throws InterruptedException {
            Call call = calls.poll(20, TimeUnit.SECONDS);
            assertThat(call).as("an export within 20 s").isNotNull();
            return Objects.requireNonNull(call);
        }

        void failFromNowOn(Throwable failure) {
            fails = failure;
        }

        void succeedFromNowOn() {
            succeeds = true;
            all.forEach(call -> call.answer(true));
        }

        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            if (throwOnce.getAndSet(false)) {
                throw new IllegalStateException("exporter bug");
            }
            var call = new Call(spans.size(), new CompletableResultCode());
            calledBy = Thread.currentThread();
            Runnable once = inAnswer;
            inAnswer = () -> {};
            call.result.whenComplete(once);
            all.add(call);
            calls.add(call);
            Throwable failure = fails;
            if (failure != null) {
                call.result.failExceptionally(failure);
            }
            if (succeeds) {
                call.answer(true);
            }
            return call.result;
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            isShutDown = true;
            return CompletableResultCode.ofSuccess();
        }
    }

    private static final class FakeTally implements SpanTally {
        final AtomicInteger started = new AtomicInteger();
        final AtomicInteger delivered = new AtomicInteger();
        final AtomicInteger failed = new AtomicInteger();
        final AtomicInteger overflowed = new AtomicInteger();
        final AtomicInteger abandoned = new AtomicInteger();
        final AtomicInteger rejected = new AtomicInteger();
        volatile Outcome lastOutcome = Outcome.DELIVERED;
        /** Of the started: those that stand for a request. */
        final AtomicInteger requests = new AtomicInteger();

        final AtomicInteger requestsLost = new AtomicInteger();
        private final Semaphore answered = new Semaphore(0);

        /** Waits for answers about this many spans more. */
        void awaitAnswers(int spans) throws InterruptedException {
            assertThat(answered.tryAcquire(spans, 20, TimeUnit.SECONDS))
                    .as("answers within 20 s")
                    .isTrue();
        }

        @Override
        public void starts(int spans, int asked) {
            started.addAndGet(spans);
            requests.addAndGet(asked);
        }

        @Override
        public void ended(int spans, int asked, Outcome outcome, int refused) {
            (outcome == Outcome.DELIVERED ? delivered : failed).addAndGet(spans - refused);
            rejected.addAndGet(refused);
            lastOutcome = outcome;
            answered.release(spans);
        }

        @Override
        public void lost(int spans, int asked, Outcome outcome) {
            (outcome == Outcome.QUEUE_FULL ? overflowed : abandoned).addAndGet(spans);
            lastOutcome = outcome;
            requestsLost.addAndGet(asked);
        }
    }
}
