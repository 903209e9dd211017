// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.util.List;

/**
 * Where the batches of a {@link BatchQueue} go. The queue's agenda calls it, one call at a time, but for
 * {@link #bytes}, which any thread may call.
 *
 * @param <W> the form in which an item waits
 */
interface Outlet<W> {
    /** About how many bytes of memory a waiting item holds. Called on the thread that adds it. */
    int bytes(W waiting);

    /**
     * Begins to export a batch. One is under way at a time, unless one takes too long.
     *
     * @param batch not changed any more; may be read as long as the result is open, and longer
     * @param counts how many of the batch's items are in the books
     */
    Handed export(List<W> batch, Counts counts);

    /**
     * A batch that was handed over.
     *
     * @param result completed when the export has ended, on any thread; its failure says why, see
     *     {@link ExportException}
     * @param kept whether a success means only that the items are kept: what becomes of them is then booked by who
     *     takes them on
     */
    record Handed(CompletableResultCode result, boolean kept) {
        static final Handed KEPT = new Handed(CompletableResultCode.ofSuccess(), true);

        /** A batch that is on its way to where it goes in the end. */
        static Handed sent(CompletableResultCode result) {
            return new Handed(result, false);
        }
    }

    /** What the log calls one item; with an "s" behind it, several. */
    String item();

    /** Where it exports to, as the log says it behind the exporter's name: no secrets; empty if that says it all. */
    default String destination() {
        return "";
    }

    /** What the log calls an export that succeeded. */
    String exported();

    /**
     * Ends the outlet, which is given no more.
     *
     * @param byNanoTime when the time to close is over
     */
    CompletableResultCode shutdown(long byNanoTime);
}
