// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a queue holds in bytes. */
final class BatchQueueMemoryTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Retry SOON = new Retry(SHORT, SHORT, LONG, LONG);

    private final FakeExporter exporter = new FakeExporter();
    private final CountedOutcomes outcomes = new CountedOutcomes();
    private final MemoryLimit memory = new MemoryLimit(16 << 20);
    private final TestAgenda agenda = new TestAgenda();
    private SdkTracerProvider provider = SdkTracerProvider.builder().build();

    private SpanQueue<?> start(int capacity, int batch, MemoryLimit of, Duration shutdownTimeout) {
        var options = new BatchQueueOptions(capacity, batch, LONG, LONG, shutdownTimeout, SOON);
        SpanQueue<?> queue = new SpanQueue<>("shop, test", agenda, new PrintedOutlet(exporter), options, of, outcomes);
        provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();
        return queue;
    }

    private void end(int spans, String name) {
        Tracer tracer = provider.get("test");
        for (int i = 0; i < spans; i++) {
            tracer.spanBuilder(name).startSpan().end();
        }
    }

    private FakeExporter.Call next() {
        agenda.advance(SHORT.multipliedBy(2));
        return exporter.next();
    }

    @Test
    void dropsASpanThatIsTooLargeForTheMemoryAndTakesASmallOne() {
        start(4, 1, new MemoryLimit(100_000), LONG);

        end(1, "x".repeat(20_000));
        end(1, "span");

        assertThat(outcomes.spans(ExportOutcome.QUEUE_FULL)).isEqualTo(1);
        assertThat(next().spans()).isEqualTo(1);
    }

    @Test
    void holdsTheMemoryOfItsSpansUntilTheExporterAnswers() {
        start(4, 2, memory, LONG);
        end(2, "span");
        FakeExporter.Call call = next();
        assertThat(memory.held()).isPositive();

        call.answer(true);
        agenda.advance(LONG);

        assertThat(memory.held()).isZero();
    }

    @Test
    void holdsTheMemoryOfABatchThatIsTriedAgain() {
        start(4, 2, memory, LONG);
        exporter.failFromNowOn(ExportException.answered("down", "503", true, null));
        end(2, "span");
        next();
        long held = memory.held();
        next();
        assertThat(memory.held()).isEqualTo(held).isPositive();

        exporter.succeedFromNowOn();
        agenda.advance(LONG);
        assertThat(memory.held()).isZero();
    }

    @Test
    void givesTheMemoryOfWhatItAbandonsBack() {
        SpanQueue<?> queue = start(8, 2, memory, SHORT);
        end(5, "span");
        next();

        assertThat(memory.held()).isPositive();

        queue.shutdown();
        agenda.advance(LONG);

        assertThat(memory.held()).isZero();
    }

    @Test
    void exportsAtOnceWhatIsABatchByItsBytesAndCutsItThere() {
        start(8, 8, memory, LONG);
        String third = "x".repeat(BoundedQueue.MAX_BATCH_BYTES / 3 / PrintedOutlet.OBJECTS_TO_ENCODED);

        end(3, third);

        assertThat(next().spans()).isEqualTo(2);
    }

    @Test
    void exportsASpanThatIsLargerThanABatchAlone() {
        start(8, 8, new MemoryLimit(64L << 20), LONG);

        end(1, "x".repeat(BoundedQueue.MAX_BATCH_BYTES));

        assertThat(next().spans()).isEqualTo(1);
    }
}
