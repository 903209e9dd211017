// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

/** Told what becomes of each span that a {@link SpanQueue} was given. Called from any thread; must not block or throw. */
interface SpanTally {
    /** Spans about to be handed to the exporter; {@link #ended} follows when it answers. */
    void starts(int spans);

    /** The exporter's answer. */
    void ended(int spans, boolean delivered);

    /** Spans that found the queue full. */
    void overflowed(int spans);

    /** Spans that were still queued when the time to shut down was over. */
    void abandoned(int spans);
}
