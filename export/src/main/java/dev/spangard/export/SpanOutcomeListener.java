// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

/**
 * Told what becomes of each span that a {@link SpanQueue} was given, and how many of them stand for a request each; the
 * others are spans of a request's messages. Called from any thread; must not block or throw.
 */
interface SpanOutcomeListener {
    /** Spans about to be handed to the exporter; {@link #ended} or {@link #kept} follows, once. */
    void starts(int spans, int requests);

    /**
     * What became of all of them.
     *
     * @param outcome of those that were not rejected
     * @param rejected of the spans: not taken by a collector that took the others
     */
    void ended(int spans, int requests, ExporterAccounts.SpanFate outcome, int rejected);

    /** They are on disk, and told of by whoever takes them from there. */
    void kept(int spans, int requests);

    /** Spans that will not be handed to the exporter. */
    void lost(int spans, int requests, ExporterAccounts.SpanFate outcome);
}
