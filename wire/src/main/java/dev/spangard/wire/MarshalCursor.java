// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Where a reader is in a payload, what comes next there, and how to pass over it: all that needs no value read.
 *
 * <p>A class above {@link MarshalReader} and not a part of it, for the position is read and written with each byte of each
 * record: through an object of its own it would be loaded again after each call that is not inlined.
 */
abstract sealed class MarshalCursor permits MarshalReader {
    /** How deep containers may be inside containers, the frame's own tuple included. */
    public static final int MAX_DEPTH = 16;

    static final VarHandle INT_LE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final byte[] NOTHING = {};

    /** The payload is {@code buffer[start, end)}; the next byte is at {@code at}. */
    byte[] buffer = NOTHING;

    private int start;
    int at;
    int end;

    MarshalCursor() {}

    /** Puts the cursor at the start of another payload, {@code buffer[from, to)}. */
    void moveTo(byte[] buffer, int from, int to) {
        if (from < 0 || to < from || to > buffer.length) {
            throw new IndexOutOfBoundsException(from + ".." + to + " of " + buffer.length);
        }
        this.buffer = buffer;
        this.start = from;
        this.at = from;
        this.end = to;
    }

    /** Returns the offset of the cursor in the payload. */
    public int position() {
        return at - start;
    }

    /**
     * Puts the cursor back to a position that {@link #position()} returned.
     *
     * @throws IndexOutOfBoundsException if there is no such position in the payload
     */
    public void position(int position) {
        if (position < 0 || position > end - start) {
            throw new IndexOutOfBoundsException(position + " of " + (end - start));
        }
        at = start + position;
    }

    /** Returns how many bytes there are from the cursor to the end of the payload. */
    public int remaining() {
        return end - at;
    }

    /**
     * Returns the type byte of the next value; nothing is consumed.
     *
     * @throws MalformedException at the end of the payload
     */
    public byte peek() {
        if (at >= end) {
            throw malformed("the payload ends where a value should be");
        }
        return buffer[at];
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

    /**
     * Passes over one value of any type, whatever is in it.
     *
     * @throws MalformedException if it is none, or containers are nested deeper than {@value #MAX_DEPTH}
     */
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
            case Tag.LONG -> LongDigits.skip(this);
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

    private MalformedException tooDeep() {
        return malformed("values are nested deeper than " + MAX_DEPTH);
    }

    /** Consumes the mark that ends a dict if that is what comes next, and returns whether it was. */
    public boolean dictEnds() {
        if (peek() == Tag.DICT_END) {
            at++;
            return true;
        }
        return false;
    }

    /**
     * Makes the exception of a mistake at the cursor, to be thrown by the caller.
     *
     * @param what what is wrong, with the value and the limit
     */
    public MalformedException malformed(String what) {
        return new MalformedException(what, at - start);
    }

    MalformedException unexpected(String wanted) {
        int tag = buffer[at] & 0xff;
        String found = tag > 0x20 && tag < 0x7f ? "'" + (char) tag + "'" : "0x" + Integer.toHexString(tag);
        return malformed("expected " + wanted + ", found type " + found);
    }

    void expect(byte tag, String wanted) {
        if (peek() != tag) {
            throw unexpected(wanted);
        }
        at++;
    }

    void require(int bytes) {
        if (end - at < bytes) {
            throw malformed(bytes + " bytes needed, " + (end - at) + " left");
        }
    }

    int length() {
        require(4);
        int length = (int) INT_LE.get(buffer, at);
        at += 4;
        if (length < 0 || length > end - at) {
            throw malformed(
                    "length " + Integer.toUnsignedString(length) + " is more than the " + (end - at) + " bytes left");
        }
        return length;
    }

    /**
     * Reads the number of values in a container. Each value takes a byte at least, so more values than bytes left is a
     * lie.
     */
    int count() {
        return length();
    }
}
