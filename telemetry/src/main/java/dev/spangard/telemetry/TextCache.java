// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the text of header values that come again and again, so that a request like earlier ones decodes none.
 *
 * <p>A table in which a newcomer replaces the older one. Thread-safe without locks: entries are immutable, and a race
 * only decodes again.
 *
 * <p>{@link ActiveCount}, {@link HostHeader} and {@link SeriesCache} have such tables, too. They share no class: what
 * they have in common is one line that picks a slot, and what differs is how an entry is found without making a key for
 * it, which is what each of them is for.
 */
final class TextCache {
    private static final int SLOTS = 256;
    /** The most bytes of a value that is remembered; longer ones are decoded each time. */
    private static final int MAX_LENGTH = 512;

    private final @Nullable Entry[] entries = new @Nullable Entry[SLOTS];

    private record Entry(ByteString bytes, String text) {}

    String text(ByteString bytes) {
        if (bytes.length() > MAX_LENGTH) {
            return bytes.text();
        }
        int slot = (bytes.hashCode() * 0x9E3779B9) >>> 24;
        Entry entry = entries[slot];
        if (entry == null || !entry.bytes.equals(bytes)) {
            entry = new Entry(bytes, bytes.text());
            entries[slot] = entry;
        }
        return entry.text;
    }
}
