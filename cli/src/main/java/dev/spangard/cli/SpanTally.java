// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

/**
 * Told what becomes of each span that a {@link SpanQueue} was given, and how many of them stand for a request each; the
 * others are spans of a request's messages. Called from any thread; must not block or throw.
 */
interface SpanTally {
    /** Spans about to be handed to the exporter; {@link #ended} follows when it answers. */
    void starts(int spans, int requests);

    /** The exporter's answer. */
    void ended(int spans, int requests, boolean delivered);

    /** Spans that found the queue full. */
    void overflowed(int spans, int requests);

    /** Spans that were still queued when the time to shut down was over. */
    void abandoned(int spans, int requests);
}
