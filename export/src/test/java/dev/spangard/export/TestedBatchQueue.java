// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.time.Duration;

/** A queue on an agenda that the test turns, before an exporter that answers when the test says so. */
abstract class TestedBatchQueue {
    static final Duration LONG = Duration.ofHours(1);

    final FakeExporter exporter = new FakeExporter();
    final CountedOutcomes outcomes = new CountedOutcomes();
    Retry retry = Retry.DEFAULTS;
    final MemoryLimit memory = new MemoryLimit(MemoryLimit.DEFAULT_BYTES);
    final TestAgenda agenda = new TestAgenda();
    SpanQueue<?> queue = queue(agenda, BatchQueueOptions.DEFAULTS);
    SdkTracerProvider provider = SdkTracerProvider.builder().build();

    SpanQueue<?> queue(Agenda of, BatchQueueOptions options) {
        return new SpanQueue<>("shop, test", of, new PrintedOutlet(exporter), options, memory, outcomes);
    }

    void start(int capacity, int batch, Duration delay, Duration exportTimeout, Duration shutdownTimeout) {
        start(agenda, new BatchQueueOptions(capacity, batch, delay, exportTimeout, shutdownTimeout, retry));
    }

    void start(Agenda of, BatchQueueOptions options) {
        queue = queue(of, options);
        provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();
    }

    FakeExporter.Call next() {
        agenda.run();
        return exporter.next();
    }

    int delivered() {
        agenda.run();
        return outcomes.spans(ExportOutcome.DELIVERED);
    }

    int failed() {
        agenda.run();
        return outcomes.spans(ExportOutcome.FAILED);
    }

    void end(int spans) {
        Tracer tracer = provider.get("test");
        for (int i = 0; i < spans; i++) {
            tracer.spanBuilder("span").startSpan().end();
        }
    }

    Tracer messages() {
        return SdkTracerProvider.builder()
                .addSpanProcessor(queue.children())
                .build()
                .get("test");
    }
}
