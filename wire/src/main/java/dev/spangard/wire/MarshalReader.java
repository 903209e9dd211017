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
public final class MarshalReader extends MarshalCursor {
    private static final VarHandle DOUBLE_LE =
            MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

    private final StringCache strings;
    private final LongDigits digits = new LongDigits();
    /** The upper 64 bits of the last int of 128 bits. */
    private long high;

    /** Makes a reader with a cache of its own. */
    public MarshalReader() {
        this(new StringCache());
    }

    /**
     * Makes a reader.
     *
     * @param strings remembers repeated short strings; shared only with readers of the same thread
     */
    public MarshalReader(StringCache strings) {
        this.strings = strings;
    }

    /**
     * Puts the cursor at the start of {@code buffer[from, to)}.
     *
     * @return this
     */
    public MarshalReader reset(byte[] buffer, int from, int to) {
        moveTo(buffer, from, to);
        return this;
    }

    /** Consumes a None if that is what comes next, and returns whether it was. */
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

    /** Reads an int of at most 32 bits. */
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

    /**
     * Reads the int that comes next.
     *
     * @return {@code otherwise} for an int of more than 32 bits, or a value of another type, which is skipped
     */
    public int int32Or(int otherwise) {
        if (peek() == Tag.INT) {
            return int32();
        }
        skip();
        return otherwise;
    }

    /** Reads the int that comes next, as {@link #int32Or} does, of at most 64 bits. */
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

    /** Reads an int of at most 64 bits, signed. */
    public long int64() {
        byte tag = peek();
        if (tag == Tag.INT) {
            require(5);
            int value = (int) INT_LE.get(buffer, at + 1);
            at += 5;
            return value;
        }
        boolean negative = digits.read(this);
        long low = digits.low;
        if (digits.high != 0 || (low < 0 && !(negative && low == Long.MIN_VALUE))) {
            throw malformed("int is larger than 64 bits");
        }
        return negative ? -low : low;
    }

    /** Reads an int in 0 .. 2^64-1, returned as the 64 bits of an unsigned long. */
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

    /**
     * Reads an int in 0 .. 2^128-1 and returns its lower 64 bits; {@link #high()} has the upper ones until the next
     * read.
     */
    public long unsigned128() {
        if (peek() == Tag.INT) {
            long value = unsigned64();
            high = 0;
            return value;
        }
        if (digits.read(this)) {
            throw malformed("int is negative");
        }
        high = digits.high;
        return digits.low;
    }

    /** Returns the upper 64 bits of the last {@link #unsigned128()}. */
    public long high() {
        return high;
    }

    /** Reads a float, or an int of at most 64 bits as one. */
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

    /**
     * Reads the float that comes next, or an int as one.
     *
     * @return {@code otherwise} for a value of another type, which is skipped
     */
    public double float64Or(double otherwise) {
        if (nextIsFloat()) {
            return float64();
        }
        return int64Or((long) otherwise);
    }

    /** Reads True or False. */
    public boolean bool() {
        byte tag = peek();
        if (tag != Tag.TRUE && tag != Tag.FALSE) {
            throw unexpected("a bool");
        }
        at++;
        return tag == Tag.TRUE;
    }

    /** Reads a str. What is not UTF-8 in it (Python's lone surrogates) becomes U+FFFD. */
    public String str() {
        return str(Integer.MAX_VALUE);
    }

    /** Reads a str, as {@link #str()} does, of which no more than the first {@code maxBytes} bytes are taken. */
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

    /**
     * Reads a str that is often the same, of which no more than the first {@code maxBytes} bytes are taken: {@link
     * StringCache} remembers it.
     */
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
     * Reads bytes as text: as UTF-8 where they are UTF-8, else each byte as the character of the same number (ISO
     * 8859-1), so that nothing a client sends is lost and nothing fails.
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

    /**
     * Reads bytes as text, as {@link #bytesAsText} does, that are often the same: {@link StringCache} remembers them.
     */
    public String repeatedBytesAsText(int maxBytes) {
        expect(Tag.BYTES, "bytes");
        int length = length();
        int from = at;
        at += length;
        return strings.get(buffer, from, Math.min(length, maxBytes), false);
    }

    /** Reads bytes, copied; the copy is the caller's. */
    public byte[] bytes() {
        expect(Tag.BYTES, "bytes");
        int length = length();
        int from = at;
        at += length;
        return Arrays.copyOfRange(buffer, from, at);
    }
}
