// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that never change: names and values of headers, a query, a raw path. ASGI hands these on as the client sent them;
 * what they mean as text is the application's to decide (HTTP, WSGI encoding differences).
 */
public final class ByteString {
    public static final ByteString EMPTY = new ByteString(new byte[0]);

    private final byte[] bytes;
    /** 0: not computed. A race computes it again. */
    private int hash;

    private ByteString(byte[] bytes) {
        this.bytes = bytes;
    }

    /** A copy of {@code bytes}. */
    public static ByteString of(byte... bytes) {
        return bytes.length == 0 ? EMPTY : new ByteString(bytes.clone());
    }

    /** A copy of {@code bytes[from..to)}. */
    public static ByteString of(byte[] bytes, int from, int to) {
        return from == to ? EMPTY : new ByteString(Arrays.copyOfRange(bytes, from, to));
    }

    /** {@code bytes} itself, not a copy: the caller gives it up and never changes it again. */
    public static ByteString owning(byte[] bytes) {
        return new ByteString(bytes);
    }

    /** The text in UTF-8, of which ASCII is a part. */
    public static ByteString of(String text) {
        return text.isEmpty() ? EMPTY : new ByteString(text.getBytes(StandardCharsets.UTF_8));
    }

    public int length() {
        return bytes.length;
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    /** The one at this index. */
    public byte byteAt(int index) {
        return bytes[index];
    }

    /** A copy. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    /** A read-only view of them. */
    public ByteBuffer asByteBuffer() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** As text, each byte a character of Latin-1: every byte is kept and nothing fails. */
    public String latin1() {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** As text: UTF-8 if they are that, else Latin-1. */
    public String text() {
        if (isAscii()) {
            return latin1();
        }
        try {
            CharBuffer decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return decoded.toString();
        } catch (CharacterCodingException e) {
            return latin1();
        }
    }

    private boolean isAscii() {
        for (byte b : bytes) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether they are the same but for upper and lower case of ASCII letters: how header names are compared. */
    public boolean equalsIgnoreCase(ByteString other) {
        if (bytes.length != other.bytes.length) {
            return false;
        }
        // Most are in lower case on both sides, and equal at a glance.
        if (Arrays.equals(bytes, other.bytes)) {
            return true;
        }
        for (int i = 0; i < bytes.length; i++) {
            if (lower(bytes[i]) != lower(other.bytes[i])) {
                return false;
            }
        }
        return true;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
    }

    /** Whether any is an upper case ASCII letter. */
    boolean hasUpperCase() {
        for (byte b : bytes) {
            if (b >= 'A' && b <= 'Z') {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof ByteString that && Arrays.equals(bytes, that.bytes));
    }

    @Override
    public int hashCode() {
        int known = hash;
        if (known == 0) {
            known = Arrays.hashCode(bytes);
            hash = known;
        }
        return known;
    }

    /** {@link #text}. */
    @Override
    public String toString() {
        return text();
    }
}
