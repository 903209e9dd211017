// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

/**
 * Where it is booked what became of records of a spool: in the books of their folder's service. Each drain calls it on
 * its own agenda.
 */
interface SpoolBooks {
    /**
     * Books the oldest record of the folder as done with, and marks it.
     *
     * @param exporter the accounts of the exporter that drained it
     * @param outcome of the spans that were not rejected
     */
    void done(SpoolFolder folder, SpoolRecord record, ExporterAccounts exporter, ExportOutcome outcome, int rejected);

    /** Gives up the oldest segment of the folder, which cannot be read any more, and books that. */
    void corrupt(SpoolFolder folder, ExporterAccounts exporter);
}
