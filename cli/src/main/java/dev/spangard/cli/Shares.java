// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.export.MemoryLimit;

/**
 * The memory of the engine that services may hold together. Those of other users than the engine's have a smaller
 * memory of their own, so that they can not take the others'.
 *
 * @param spans of their queues
 * @param series of their measurements
 */
record Shares(MemoryLimit spans, MemoryLimit series) {
    private static final long SERIES_BYTES = 24L << 20;
    private static final long GUESTS_SPANS_BYTES = 8L << 20;
    private static final long GUESTS_SERIES_BYTES = 4L << 20;

    static Shares own() {
        return new Shares(new MemoryLimit(MemoryLimit.DEFAULT_BYTES), new MemoryLimit(SERIES_BYTES));
    }

    static Shares guests() {
        return new Shares(new MemoryLimit(GUESTS_SPANS_BYTES), new MemoryLimit(GUESTS_SERIES_BYTES));
    }
}
