// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a queue holds in bytes. */
final class SpanQueueMemoryTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Retry AT_ONCE = new Retry(SHORT, SHORT, LONG, LONG);

    private final FakeExporter exporter = new FakeExporter();
    private final FakeTally tally = new FakeTally();
    private final SpanMemory memory = new SpanMemory(16 << 20);
    private SdkTracerProvider provider = SdkTracerProvider.builder().build();

    private SpanQueue<?> start(int capacity, int batch, SpanMemory of, Duration shutdownTimeout) {
        var options = new SpanQueueOptions(capacity, batch, LONG, LONG, shutdownTimeout, AT_ONCE);
        SpanQueue<?> queue =
                new SpanQueue<>("shop, test", "test", new PrintedOutlet(exporter), options, of, tally).start();
        provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();
        return queue;
    }

    private void end(int spans, String name) {
        Tracer tracer = provider.get("test");
        for (int i = 0; i < spans; i++) {
            tracer.spanBuilder(name).startSpan().end();
        }
    }

    @AfterEach
    void endTheThread() {
        exporter.succeedFromNowOn();
        provider.shutdown().join(20, TimeUnit.SECONDS);
    }

    @Test
    void dropsASpanThatIsTooLargeForTheMemoryAndTakesASmallOne() throws Exception {
        start(4, 1, new SpanMemory(100_000), LONG);

        end(1, "x".repeat(20_000));
        end(1, "span");

        assertThat(tally.overflowed).hasValue(1);
        assertThat(exporter.next().spans()).isEqualTo(1);
    }

    @Test
    void holdsTheMemoryOfItsSpansUntilTheExporterAnswers() throws Exception {
        start(4, 2, memory, LONG);
        end(2, "span");
        FakeExporter.Call call = exporter.next();
        assertThat(memory.held()).isPositive();

        call.answer(true);
        tally.awaitAnswers(2);

        assertThat(memory.held()).isZero();
    }

    @Test
    void holdsTheMemoryOfABatchThatIsTriedAgain() throws Exception {
        start(4, 2, memory, LONG);
        exporter.failFromNowOn(NotDelivered.answered("down", "503", true, null));
        end(2, "span");
        exporter.next();
        long held = memory.held();
        exporter.next();
        assertThat(memory.held()).isEqualTo(held).isPositive();

        exporter.succeedFromNowOn();
        tally.awaitAnswers(2);
        assertThat(memory.held()).isZero();
    }

    @Test
    void givesTheMemoryOfWhatItAbandonsBack() throws Exception {
        SpanQueue<?> queue = start(8, 2, memory, SHORT);
        end(5, "span");
        exporter.next();

        queue.shutdown().join(20, TimeUnit.SECONDS);
        exporter.succeedFromNowOn();

        assertThat(memory.held()).isZero();
    }

    @Test
    void exportsAtOnceWhatIsABatchByItsBytesAndCutsItThere() throws Exception {
        start(8, 8, memory, LONG);
        String third = "x".repeat(SpanQueue.MAX_BATCH_BYTES / 3 / PrintedOutlet.OBJECTS_TO_ENCODED);

        end(3, third);

        assertThat(exporter.next().spans()).isEqualTo(2);
    }

    @Test
    void exportsASpanThatIsLargerThanABatchAlone() throws Exception {
        start(8, 8, new SpanMemory(64L << 20), LONG);

        end(1, "x".repeat(SpanQueue.MAX_BATCH_BYTES));

        assertThat(exporter.next().spans()).isEqualTo(1);
    }
}
