// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

/**
 * Hears what becomes of each item that a {@link BatchQueue} was given, and how many of them stand for a request each;
 * the others are spans of a request's messages. Called from any thread, without a lock; must not block or throw.
 */
interface ExportOutcomeListener {
    /** The items are about to be handed to the exporter; {@link #ended} or {@link #kept} follows, once. */
    void starts(int items, int requests);

    /**
     * The exporter is done with the items.
     *
     * @param outcome of those that were not rejected
     * @param rejected how many of the items a collector did not take that took the others
     */
    void ended(int items, int requests, ExportOutcome outcome, int rejected);

    /** The items are on disk, and booked by whoever takes them from there. */
    void kept(int items, int requests);

    /** The items will not be handed to the exporter. */
    void lost(int items, int requests, ExportOutcome outcome);
}
