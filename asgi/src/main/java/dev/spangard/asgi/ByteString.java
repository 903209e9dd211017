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
    /** The byte string without any bytes. */
    public static final ByteString EMPTY = new ByteString(new byte[0]);

    private final byte[] bytes;
    /** The hash code, or 0 if it has not been computed. Two threads that race compute the same. */
    private int hash;

    private ByteString(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Makes a byte string of a copy of {@code bytes}. */
    public static ByteString of(byte... bytes) {
        return bytes.length == 0 ? EMPTY : new ByteString(bytes.clone());
    }

    /** Makes a byte string of a copy of {@code bytes[from..to)}. */
    public static ByteString of(byte[] bytes, int from, int to) {
        return from == to ? EMPTY : new ByteString(Arrays.copyOfRange(bytes, from, to));
    }

    /**
     * Makes a byte string of {@code bytes} itself, not of a copy: the caller gives the array up and never changes it
     * again.
     */
    public static ByteString owning(byte[] bytes) {
        return new ByteString(bytes);
    }

    /** Makes a byte string of the text in UTF-8, of which ASCII is a part. */
    public static ByteString of(String text) {
        return text.isEmpty() ? EMPTY : new ByteString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns how many bytes there are. */
    public int length() {
        return bytes.length;
    }

    /** Whether there are no bytes. */
    public boolean isEmpty() {
        return bytes.length == 0;
    }

    /** Returns the byte at this index. Throws an IndexOutOfBoundsException where there is none. */
    public byte byteAt(int index) {
        return bytes[index];
    }

    /** Returns a copy of the bytes, which is the caller's. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    /** Returns a read-only view of the bytes, with a position of its own. */
    public ByteBuffer asByteBuffer() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** Returns the bytes as text, each byte a character of Latin-1: every byte is kept and nothing fails. */
    public String latin1() {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Returns the bytes as text: decoded from UTF-8 where they are valid UTF-8, else from Latin-1. */
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

    /**
     * Whether these bytes and the others are the same but for upper and lower case of ASCII letters. Header names are
     * compared like that (RFC 9110, section 5.1).
     */
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

    /** Whether any of the bytes is an upper case ASCII letter. */
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

    /** Returns {@link #text}. */
    @Override
    public String toString() {
        return text();
    }
}
