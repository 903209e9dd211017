// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;

/**
 * Hears what becomes of each item that a {@link BatchQueue} was given, and how many of them are in the books: but
 * for spans of a request's messages all are. Called from any thread, without a lock; must not block or throw.
 */
interface ExportOutcomeListener {
    /** The items are about to be handed to the exporter; {@link #ended} or {@link #kept} follows, once. */
    void starts(int items, Counts counts);

    /**
     * The exporter is done with the items.
     *
     * @param outcome of those that were not rejected
     * @param rejected how many of the items a collector did not take that took the others
     */
    void ended(int items, Counts counts, ExportOutcome outcome, int rejected);

    /** The items are on disk, and booked by whoever takes them from there. */
    void kept(int items, Counts counts);

    /** The items will not be handed to the exporter. */
    void lost(int items, Counts counts, ExportOutcome outcome);
}
