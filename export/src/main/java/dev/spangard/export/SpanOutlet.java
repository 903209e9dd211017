// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.List;

/**
 * Where the spans of a {@link SpanQueue} go, and in which form they wait for it. Thread-safe.
 *
 * @param <W> a waiting span
 */
interface SpanOutlet<W> {
    /** What is to wait. Called on the thread that ended the span. */
    W prepare(SpanData span);

    /** What it holds of the memory, about. */
    int bytes(W waiting);

    /**
     * Begins to export. One at a time, unless one takes too long.
     *
     * @param requests of the batch's spans: those that stand for one each
     */
    Handed export(List<W> batch, int requests);

    /**
     * A batch that was handed over.
     *
     * @param result says when the export has ended, and how
     * @param kept whether, if that is a success, the spans are only kept: what becomes of them is told by who takes them on
     */
    record Handed(CompletableResultCode result, boolean kept) {
        static final Handed KEPT = new Handed(CompletableResultCode.ofSuccess(), true);

        /** To where the spans go in the end. */
        static Handed sent(CompletableResultCode result) {
            return new Handed(result, false);
        }
    }

    /** What the log calls that. */
    String exported();

    /**
     * No more will come.
     *
     * @param byNanoTime when the time to close is over
     */
    CompletableResultCode shutdown(long byNanoTime);
}
