// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.export.SpanMemory;

/**
 * The memory of the engine that services may hold together. Those of other users than the engine's have a smaller
 * memory of their own, so that they can not take the others'.
 *
 * @param spans of their queues
 * @param series of their measurements
 */
record Shares(SpanMemory spans, SpanMemory series) {
    private static final long SERIES_BYTES = 24L << 20;
    private static final long GUESTS_SPANS_BYTES = 8L << 20;
    private static final long GUESTS_SERIES_BYTES = 4L << 20;

    static Shares own() {
        return new Shares(new SpanMemory(SpanMemory.DEFAULT_BYTES), new SpanMemory(SERIES_BYTES));
    }

    static Shares guests() {
        return new Shares(new SpanMemory(GUESTS_SPANS_BYTES), new SpanMemory(GUESTS_SERIES_BYTES));
    }
}
