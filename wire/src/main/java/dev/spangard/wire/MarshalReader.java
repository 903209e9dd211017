// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A cursor over one frame's payload: marshal version 2, the types of docs/wire-protocol.md and no others.
 *
 * <p>Every read is checked against the end of the payload before anything is allocated, so that a length of a gigabyte
 * in a frame of a kilobyte costs nothing. A read that finds another type, or too few bytes, throws
 * {@link MalformedException}; the cursor is then anywhere inside the bad value, and {@link #position(int)} may put it
 * back to resume with {@link #skip()}.
 *
 * <p>Not thread-safe. The payload belongs to the caller and must not change while it is read; nothing returned refers to
 * it.
 */
public final class MarshalReader {
    /** Containers inside containers, the frame's own tuple included. */
    public static final int MAX_DEPTH = 16;

    private static final VarHandle INT_LE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle DOUBLE_LE =
            MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);
    private static final byte[] NOTHING = {};

    private final StringCache strings;
    private byte[] buffer = NOTHING;
    private int start;
    private int at;
    private int end;
    private long high;
    private long lowOfDigits;

    /** A reader with a cache of its own. */
    public MarshalReader() {
        this(new StringCache());
    }

    /** @param strings remembers repeated short strings; shared only with readers of the same thread */
    public MarshalReader(StringCache strings) {
        this.strings = strings;
    }

    /**
     * Puts the cursor at the start of {@code buffer[from, to)}.
     *
     * @return this
     */
    public MarshalReader reset(byte[] buffer, int from, int to) {
        if (from < 0 || to < from || to > buffer.length) {
            throw new IndexOutOfBoundsException(from + ".." + to + " of " + buffer.length);
        }
        this.buffer = buffer;
        this.start = from;
        this.at = from;
        this.end = to;
        return this;
    }

    /** Offset of the cursor in the payload. */
    public int position() {
        return at - start;
    }

    /** Puts the cursor back to a position that {@link #position()} returned. */
    public void position(int position) {
        if (position < 0 || position > end - start) {
            throw new IndexOutOfBoundsException(position + " of " + (end - start));
        }
        at = start + position;
    }

    /** Bytes from the cursor to the end of the payload. */
    public int remaining() {
        return end - at;
    }

    /** The type byte of the next value; nothing is consumed. */
    public byte peek() {
        if (at >= end) {
            throw malformed("the payload ends where a value should be");
        }
        return buffer[at];
    }

    /** Consumes a None if that is what comes next. */
    public boolean nextIsNone() {
        if (peek() == Tag.NONE) {
            at++;
            return true;
        }
        return false;
    }

    /** Starts a tuple and returns the number of values that follow. */
    public int tuple() {
        expect(Tag.TUPLE, "a tuple");
        return count();
    }

    /** Starts a list and returns the number of values that follow. */
    public int list() {
        expect(Tag.LIST, "a list");
        return count();
    }

    /** Starts a tuple or a list and returns the number of values that follow. */
    public int sequence() {
        byte tag = peek();
        if (tag != Tag.TUPLE && tag != Tag.LIST) {
            throw unexpected("a tuple or list");
        }
        at++;
        return count();
    }

    /** Starts a dict: then, while {@link #dictEnds()} is false, one key and one value. */
    public void dict() {
        expect(Tag.DICT, "a dict");
    }

    /** Consumes the mark that ends a dict if that is what comes next. */
    public boolean dictEnds() {
        if (peek() == Tag.DICT_END) {
            at++;
            return true;
        }
        return false;
    }

    /** An int of at most 32 bits. */
    public int int32() {
        if (end - at < 5 || buffer[at] != Tag.INT) {
            long value = int64();
            if (value != (int) value) {
                throw malformed("int " + value + " is larger than 32 bits");
            }
            return (int) value;
        }
        int value = (int) INT_LE.get(buffer, at + 1);
        at += 5;
        return value;
    }

    /** The int that comes next; {@code otherwise} for a larger one, or a value of another type, which is skipped. */
    public int int32Or(int otherwise) {
        if (peek() == Tag.INT) {
            return int32();
        }
        skip();
        return otherwise;
    }

    /** As {@link #int32Or}, of at most 64 bits. */
    public long int64Or(long otherwise) {
        int from = at;
        if (nextIsInt()) {
            try {
                return int64();
            } catch (MalformedException e) {
                at = from; // it is larger
            }
        }
        skip();
        return otherwise;
    }

    /** An int of at most 64 bits, signed. */
    public long int64() {
        byte tag = peek();
        if (tag == Tag.INT) {
            require(5);
            int value = (int) INT_LE.get(buffer, at + 1);
            at += 5;
            return value;
        }
        boolean negative = digits();
        long low = lowOfDigits;
        if (high != 0 || (low < 0 && !(negative && low == Long.MIN_VALUE))) {
            throw malformed("int is larger than 64 bits");
        }
        return negative ? -low : low;
    }

    /** An int in 0 .. 2^64-1, returned as the 64 bits of an unsigned long. */
    public long unsigned64() {
        if (peek() == Tag.INT) {
            long value = int64();
            if (value < 0) {
                throw malformed("int " + value + " is negative");
            }
            return value;
        }
        long low = unsigned128();
        if (high != 0) {
            throw malformed("int is larger than 64 bits");
        }
        return low;
    }

    /** An int in 0 .. 2^128-1: returns its lower 64 bits; {@link #high()} has the upper ones until the next read. */
    public long unsigned128() {
        if (peek() == Tag.INT) {
            long value = unsigned64();
            high = 0;
            return value;
        }
        if (digits()) {
            throw malformed("int is negative");
        }
        return lowOfDigits;
    }

    /** The upper 64 bits of the last {@link #unsigned128()}. */
    public long high() {
        return high;
    }

    /** Reads an 'l' into {@link #high} and {@link #lowOfDigits}, magnitude only, and returns whether it is negative. */
    private boolean digits() {
        expect(Tag.LONG, "an int");
        require(4);
        int n = (int) INT_LE.get(buffer, at);
        int count = Math.abs(n);
        if (count < 0 || count > 9) {
            throw malformed("int of " + n + " digits is larger than 128 bits");
        }
        at += 4;
        require(count * 2);
        long low = 0;
        long upper = 0;
        for (int i = count - 1; i >= 0; i--) {
            int digit = (buffer[at + 2 * i] & 0xff) | ((buffer[at + 2 * i + 1] & 0xff) << 8);
            if (digit > 0x7fff) {
                throw malformed("int digit " + digit + " is above 32767");
            }
            if (upper >>> 49 != 0) {
                throw malformed("int is larger than 128 bits");
            }
            upper = (upper << 15) | (low >>> 49);
            low = (low << 15) | digit;
        }
        at += count * 2;
        high = upper;
        lowOfDigits = low;
        return n < 0;
    }

    /** A float, or an int of at most 64 bits as one. */
    public double float64() {
        if (end - at < 9 || buffer[at] != Tag.FLOAT) {
            if (peek() == Tag.FLOAT) {
                require(9);
            }
            return int64();
        }
        double value = (double) DOUBLE_LE.get(buffer, at + 1);
        at += 9;
        return value;
    }

    /** The float that comes next; {@code otherwise} for a value of another type, which is skipped. */
    public double float64Or(double otherwise) {
        if (nextIsFloat()) {
            return float64();
        }
        return int64Or((long) otherwise);
    }

    /** Whether a str comes next; nothing is consumed. */
    public boolean nextIsStr() {
        byte tag = peek();
        return tag == Tag.STR || tag == Tag.INTERNED_STR;
    }

    /** Whether bytes come next; nothing is consumed. */
    public boolean nextIsBytes() {
        return peek() == Tag.BYTES;
    }

    /** Whether an int comes next; nothing is consumed. */
    public boolean nextIsInt() {
        byte tag = peek();
        return tag == Tag.INT || tag == Tag.LONG;
    }

    /** Whether a float comes next; nothing is consumed. */
    public boolean nextIsFloat() {
        return peek() == Tag.FLOAT;
    }

    /** Whether a bool comes next; nothing is consumed. */
    public boolean nextIsBool() {
        byte tag = peek();
        return tag == Tag.TRUE || tag == Tag.FALSE;
    }

    /** Whether a dict comes next; nothing is consumed. */
    public boolean nextIsDict() {
        return peek() == Tag.DICT;
    }

    /** Whether a tuple or list comes next; nothing is consumed. */
    public boolean nextIsSequence() {
        byte tag = peek();
        return tag == Tag.TUPLE || tag == Tag.LIST;
    }

    /** True or False. */
    public boolean bool() {
        byte tag = peek();
        if (tag != Tag.TRUE && tag != Tag.FALSE) {
            throw unexpected("a bool");
        }
        at++;
        return tag == Tag.TRUE;
    }

    /** A str. What is not UTF-8 in it (Python's lone surrogates) becomes U+FFFD. */
    public String str() {
        return str(Integer.MAX_VALUE);
    }

    /** As {@link #str()}, of which no more than the first {@code maxBytes} bytes are taken. */
    public String str(int maxBytes) {
        if (!nextIsStr()) {
            throw unexpected("a str");
        }
        at++;
        int length = length();
        int from = at;
        at += length;
        return new String(buffer, from, Math.min(length, maxBytes), StandardCharsets.UTF_8);
    }

    /** As {@link #str()}, of one that is often the same: {@link StringCache} remembers it. */
    public String repeatedStr(int maxBytes) {
        if (!nextIsStr()) {
            throw unexpected("a str");
        }
        at++;
        int length = length();
        int from = at;
        at += length;
        return strings.get(buffer, from, Math.min(length, maxBytes), true);
    }

    /**
     * Bytes as text: as UTF-8 where they are UTF-8, else each byte as the character of the same number (ISO 8859-1), so
     * that nothing a client sends is lost and nothing fails.
     *
     * @param maxBytes no more than the first so many are taken
     */
    public String bytesAsText(int maxBytes) {
        expect(Tag.BYTES, "bytes");
        int length = length();
        int from = at;
        at += length;
        return Text.decode(buffer, from, Math.min(length, maxBytes));
    }

    /** As {@link #bytesAsText}, of some that are often the same: {@link StringCache} remembers them. */
    public String repeatedBytesAsText(int maxBytes) {
        expect(Tag.BYTES, "bytes");
        int length = length();
        int from = at;
        at += length;
        return strings.get(buffer, from, Math.min(length, maxBytes), false);
    }

    /** Bytes, copied. */
    public byte[] bytes() {
        expect(Tag.BYTES, "bytes");
        int length = length();
        int from = at;
        at += length;
        return Arrays.copyOfRange(buffer, from, at);
    }

    /** Passes over one value of any type, whatever is in it. */
    public void skip() {
        skip(MAX_DEPTH);
    }

    private void skip(int depth) {
        byte tag = peek();
        switch (tag) {
            case Tag.NONE, Tag.TRUE, Tag.FALSE -> at++;
            case Tag.INT -> {
                require(5);
                at += 5;
            }
            case Tag.FLOAT -> {
                require(9);
                at += 9;
            }
            case Tag.LONG -> skipDigits();
            case Tag.BYTES, Tag.STR, Tag.INTERNED_STR -> {
                at++;
                int length = length();
                at += length;
            }
            case Tag.TUPLE, Tag.LIST -> {
                if (depth == 0) {
                    throw tooDeep();
                }
                at++;
                for (int left = count(); left > 0; left--) {
                    skip(depth - 1);
                }
            }
            case Tag.DICT -> {
                if (depth == 0) {
                    throw tooDeep();
                }
                at++;
                while (!dictEnds()) {
                    skip(depth - 1);
                    skip(depth - 1);
                }
            }
            default -> throw unexpected("a value");
        }
    }

    /** An int of any size: an application may put one where a status belongs, and its record is to be passed over. */
    private void skipDigits() {
        require(5);
        long bytes = 2L * Math.abs((long) (int) INT_LE.get(buffer, at + 1));
        if (bytes > end - at - 5) {
            throw malformed("int of " + bytes + " bytes is more than the " + (end - at - 5) + " left");
        }
        at += 5 + (int) bytes;
    }

    private MalformedException tooDeep() {
        return malformed("values are nested deeper than " + MAX_DEPTH);
    }

    /** A mistake at the cursor. */
    public MalformedException malformed(String what) {
        return new MalformedException(what, at - start);
    }

    private MalformedException unexpected(String wanted) {
        int tag = buffer[at] & 0xff;
        String found = tag > 0x20 && tag < 0x7f ? "'" + (char) tag + "'" : "0x" + Integer.toHexString(tag);
        return malformed("expected " + wanted + ", found type " + found);
    }

    private void expect(byte tag, String wanted) {
        if (peek() != tag) {
            throw unexpected(wanted);
        }
        at++;
    }

    private void require(int bytes) {
        if (end - at < bytes) {
            throw malformed(bytes + " bytes needed, " + (end - at) + " left");
        }
    }

    private int length() {
        require(4);
        int length = (int) INT_LE.get(buffer, at);
        at += 4;
        if (length < 0 || length > end - at) {
            throw malformed(
                    "length " + Integer.toUnsignedString(length) + " is more than the " + (end - at) + " bytes left");
        }
        return length;
    }

    /** Each value takes a byte at least, so more values than bytes left is a lie. */
    private int count() {
        return length();
    }
}
