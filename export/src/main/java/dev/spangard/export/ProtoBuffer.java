// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes protocol buffers in one pass: https://protobuf.dev/programming-guides/encoding/. The length of a message
 * inside another is filled in when it ends. Grows as needed; not thread-safe.
 */
final class ProtoBuffer {
    private static final VarHandle INT_LE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_LE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED32 = 5;

    private static final int FIRST_BYTES = 1 << 10;
    /** A larger array is given back when the buffer is cleared. */
    private static final int KEPT_BYTES = 64 << 10;

    private static final int MAX_VARINT_BYTES = 10;

    private byte[] bytes = new byte[FIRST_BYTES];
    private int size;

    void clear() {
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[FIRST_BYTES];
        }
        size = 0;
    }

    int size() {
        return size;
    }

    byte[] copy(int from) {
        return Arrays.copyOfRange(bytes, from, size);
    }

    /** Appends bytes that this class has written. */
    void raw(byte[] written) {
        ensure(written.length);
        System.arraycopy(written, 0, bytes, size, written.length);
        size += written.length;
    }

    void varint(int field, long value) {
        ensure(2 * MAX_VARINT_BYTES);
        tag(field, VARINT);
        put(value);
    }

    void fixed32(int field, int value) {
        ensure(MAX_VARINT_BYTES + Integer.BYTES);
        tag(field, FIXED32);
        INT_LE.set(bytes, size, value);
        size += Integer.BYTES;
    }

    void fixed64(int field, long value) {
        ensure(MAX_VARINT_BYTES + Long.BYTES);
        tag(field, FIXED64);
        LONG_LE.set(bytes, size, value);
        size += Long.BYTES;
    }

    void float64(int field, double value) {
        fixed64(field, Double.doubleToRawLongBits(value));
    }

    void text(int field, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        head(field, utf8.length);
        raw(utf8);
    }

    /** Appends what stands before a text or a message of so many bytes. */
    void head(int field, int length) {
        ensure(2 * MAX_VARINT_BYTES);
        tag(field, LENGTH_DELIMITED);
        put(length);
    }

    /**
     * Appends a field of bytes, given as digits.
     *
     * @param digits lower-case hexadecimal, as the API's ids are
     */
    void hex(int field, String digits) {
        int length = digits.length() / 2;
        head(field, length);
        ensure(length);
        for (int i = 0; i < length; i++) {
            bytes[size++] = (byte) (nibble(digits.charAt(2 * i)) << 4 | nibble(digits.charAt(2 * i + 1)));
        }
    }

    private static int nibble(char digit) {
        return digit <= '9' ? digit - '0' : digit - 'a' + 10;
    }

    /** Starts a message; returns what {@link #end} wants. */
    int begin(int field) {
        ensure(2 * MAX_VARINT_BYTES);
        tag(field, LENGTH_DELIMITED);
        // Most are shorter than 128 bytes; others are moved when their length is known.
        return ++size;
    }

    void end(int begun) {
        int length = size - begun;
        int lengthBytes = (Integer.SIZE - Integer.numberOfLeadingZeros(length | 1) + 6) / 7;
        if (lengthBytes > 1) {
            ensure(lengthBytes - 1);
            System.arraycopy(bytes, begun, bytes, begun + lengthBytes - 1, length);
        }
        size = begun - 1;
        put(length);
        size += length;
    }

    private void tag(int field, int type) {
        put((long) field << 3 | type);
    }

    private void put(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes[size++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
    }

    private void ensure(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
        }
    }
}
