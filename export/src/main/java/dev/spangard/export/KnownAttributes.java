// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.api.common.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the encoded form of attributes that come again and again: methods, hosts, routes, user agents.
 *
 * <p>A table in which a newcomer replaces the older one: bounded whatever an application sets. Thread-safe without
 * locks: entries are immutable, and a race only encodes again.
 */
final class KnownAttributes {
    private static final int SLOTS = 1024;
    /** How many characters a value may have; longer ones are seldom repeated. */
    private static final int MAX_LENGTH = 128;

    private final @Nullable Entry[] entries = new @Nullable Entry[SLOTS];

    private static final class Entry {
        private final AttributeKey<?> key;
        private final String value;
        private final byte[] encoded;

        Entry(AttributeKey<?> key, String value, byte[] encoded) {
            this.key = key;
            this.value = value;
            this.encoded = encoded;
        }
    }

    static boolean isShort(String value) {
        return value.length() <= MAX_LENGTH;
    }

    byte @Nullable [] get(AttributeKey<?> key, String value) {
        Entry entry = entries[slot(key, value)];
        return entry != null && entry.key.equals(key) && entry.value.equals(value) ? entry.encoded : null;
    }

    void put(AttributeKey<?> key, String value, byte[] encoded) {
        entries[slot(key, value)] = new Entry(key, value, encoded);
    }

    private static int slot(AttributeKey<?> key, String value) {
        return ((key.hashCode() + 31 * value.hashCode()) * 0x9E3779B9) >>> 22;
    }
}
