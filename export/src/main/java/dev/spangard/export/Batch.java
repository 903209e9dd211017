// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Items that go to the exporter at once. A {@link BoundedQueue} fills it under its lock; nothing changes it after that,
 * so an exporter may go on reading its list when nobody waits for an answer any more.
 */
final class Batch<W> {
    private final List<W> items = new ArrayList<>();
    private long bytes;
    private Counts counts = Counts.NONE;

    void add(W item, int itemBytes, Counts counted) {
        items.add(item);
        bytes += itemBytes;
        counts = counts.plus(counted);
    }

    /** The items, not to be changed. */
    List<W> items() {
        return Collections.unmodifiableList(items);
    }

    int size() {
        return items.size();
    }

    /** About how many bytes of memory the items hold. */
    long bytes() {
        return bytes;
    }

    /** How many of the items are in the books. */
    Counts counts() {
        return counts;
    }
}
