// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.List;

/**
 * Prints spans by an exporter of the SDK's kind. The queue's agenda waits for whoever reads what is printed.
 *
 * @param exporter closed with the outlet
 */
public record PrintedOutlet(SpanExporter exporter) implements SpanOutlet<PrintedOutlet.Snapshot> {
    /** How much more memory a span holds as objects than encoded. */
    static final int OBJECTS_TO_ENCODED = 4;

    /** A span, and about how many bytes of memory it holds. */
    record Snapshot(SpanData span, int bytes) {}

    @Override
    public Snapshot prepare(SpanData span) {
        return new Snapshot(span, OBJECTS_TO_ENCODED * EncodedSpan.of(span).bytes());
    }

    @Override
    public int bytes(Snapshot waiting) {
        return waiting.bytes;
    }

    @Override
    public Handed export(List<Snapshot> batch, Counts counts) {
        return Handed.sent(exporter.export(batch.stream().map(Snapshot::span).toList()));
    }

    @Override
    public String exported() {
        return "exported";
    }

    @Override
    public CompletableResultCode shutdown(long byNanoTime) {
        return exporter.shutdown();
    }
}
