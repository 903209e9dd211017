// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.export.ExporterAccounts.SpanFate;

/** Where it is booked what became of records of a spool: in the books of their folder's service. Thread-safe. */
interface SpoolBooks {
    /**
     * The oldest record of the folder is done with: books that, and marks it.
     *
     * @param exporter whose exporter it was
     * @param outcome of the spans that were not rejected
     */
    void done(SpoolFolder folder, SpoolRecord record, ExporterAccounts exporter, SpanFate outcome, int rejected);

    /** What is oldest in the folder cannot be read any more: gives it up, and books that. */
    void corrupt(SpoolFolder folder, ExporterAccounts exporter);
}
