// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Turns repeated short byte strings (methods, routes, hosts, user agents) into the same {@link String} without decoding
 * or allocating again.
 *
 * <p>A table of {@value #SLOTS} slots, or fewer, in which a newcomer replaces the older one: bounded whatever a peer
 * sends, and a peer that makes its strings collide only loses the benefit. Not thread-safe.
 */
public final class StringCache {
    /** The most bytes of a string that is remembered: longer ones are seldom repeated. */
    static final int MAX_BYTES = 128;

    private static final int SLOTS = 512;
    private static final VarHandle LONG_LE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final @Nullable Entry[] entries;

    /**
     * A string that is remembered. It is ASCII, so that it does not matter whether it came from a str or from bytes.
     */
    private static final class Entry {
        private final byte[] bytes;
        private final String text;

        Entry(byte[] bytes, String text) {
            this.bytes = bytes;
            this.text = text;
        }
    }

    /** Makes a cache of {@value #SLOTS} slots. */
    public StringCache() {
        this(SLOTS);
    }

    /**
     * Makes a cache.
     *
     * @param slots a power of two
     */
    StringCache(int slots) {
        entries = new @Nullable Entry[slots];
    }

    /** Returns a cache of an eighth of the usual slots, for one of many who may mean it ill. */
    public static StringCache small() {
        return new StringCache(SLOTS / 8);
    }

    String get(byte[] buffer, int from, int length, boolean str) {
        if (length == 0) {
            return "";
        }
        if (length > MAX_BYTES) {
            return decode(buffer, from, length, str);
        }
        int slot = hash(buffer, from, length) & (entries.length - 1);
        Entry entry = entries[slot];
        if (entry != null
                && entry.bytes.length == length
                && Arrays.equals(entry.bytes, 0, length, buffer, from, from + length)) {
            return entry.text;
        }
        String text = decode(buffer, from, length, str);
        if (isAscii(buffer, from, length)) {
            entries[slot] = new Entry(Arrays.copyOfRange(buffer, from, from + length), text);
        }
        return text;
    }

    private static String decode(byte[] buffer, int from, int length, boolean str) {
        return str ? new String(buffer, from, length, StandardCharsets.UTF_8) : Text.decode(buffer, from, length);
    }

    private static boolean isAscii(byte[] buffer, int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (buffer[i] < 0) {
                return false;
            }
        }
        return true;
    }

    /** Mixes the length, both ends and the middle: enough to tell headers apart, at a constant price. */
    private static int hash(byte[] buffer, int from, int length) {
        long mix;
        if (length >= 8) {
            mix = (long) LONG_LE.get(buffer, from)
                    + 31 * (long) LONG_LE.get(buffer, from + length - 8)
                    + 17 * (long) LONG_LE.get(buffer, from + (length - 8) / 2);
        } else {
            mix = 0;
            for (int i = 0; i < length; i++) {
                mix = (mix << 8) | (buffer[from + i] & 0xff);
            }
        }
        mix = (mix + length) * 0x9E3779B97F4A7C15L;
        return (int) (mix >>> 40);
    }
}
