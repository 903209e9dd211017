// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.ByteBudget;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The spans of one recorder's application that it has announced and that have not ended. Bounded: what finds no room is
 * not remembered, and is told when it ends. Used by the peer's thread only.
 */
final class OpenSpans {
    /** The bytes that a span takes beside its texts: rounded up. */
    private static final int OBJECTS_BYTES = 512;

    /** An open span, and how much memory it was said to take. */
    private record Held(ApiSpan span, long bytes) {}

    private final int limit;
    private final ByteBudget budget;
    private final Map<String, Held> open = new LinkedHashMap<>();

    /** @param budget shared by all recorders; {@link #drain} gives back what was taken */
    OpenSpans(int limit, ByteBudget budget) {
        this.limit = limit;
        this.budget = budget;
    }

    /**
     * Remembers a span.
     *
     * @param recordBytes the length of its record
     */
    void opened(ApiSpan span, int recordBytes) {
        String id = span.context().getSpanId();
        ended(id);
        // A byte on the wire is a character in memory, of at most two.
        long bytes = OBJECTS_BYTES + 2L * recordBytes;
        if (open.size() < limit && budget.take(bytes)) {
            open.put(id, new Held(span, bytes));
        }
    }

    /** Forgets the span with this id, which has ended. */
    void ended(String spanId) {
        if (!open.isEmpty()) {
            Held ended = open.remove(spanId);
            if (ended != null) {
                budget.give(ended.bytes);
            }
        }
    }

    /** Forgets all spans, and hands each over, the oldest first. */
    void drain(Consumer<ApiSpan> each) {
        for (Iterator<Held> all = open.values().iterator(); all.hasNext(); ) {
            Held held = all.next();
            all.remove();
            budget.give(held.bytes);
            each.accept(held.span);
        }
    }
}
