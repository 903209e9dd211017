// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes one frame: its length, then a marshal version 2 value, the same bytes CPython's {@code marshal.dumps(value, 2)}
 * makes. Containers are announced by their number of values and are not closed, except dicts.
 *
 * <p>Not thread-safe.
 */
public final class MarshalWriter {
    private ByteBuffer out = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

    /** Begins a frame, with room for its length, which {@link #frame()} fills in. */
    public MarshalWriter() {
        out.putInt(0);
    }

    /** Begins a tuple of {@code count} values, which follow. */
    public MarshalWriter tuple(int count) {
        return tagged(Tag.TUPLE, count);
    }

    /** Begins a list of {@code count} values, which follow. */
    public MarshalWriter list(int count) {
        return tagged(Tag.LIST, count);
    }

    /** Begins a dict; keys and values follow in turn, then {@link #dictEnd()}. */
    public MarshalWriter dict() {
        return tag(Tag.DICT);
    }

    /** Ends the dict. */
    public MarshalWriter dictEnd() {
        return tag(Tag.DICT_END);
    }

    /** Writes None. */
    public MarshalWriter none() {
        return tag(Tag.NONE);
    }

    /** Writes True or False. */
    public MarshalWriter bool(boolean value) {
        return tag(value ? Tag.TRUE : Tag.FALSE);
    }

    /** Writes an int, signed. */
    public MarshalWriter integer(long value) {
        if (value == (int) value) {
            return tagged(Tag.INT, (int) value);
        }
        return digits(0, value < 0 ? -value : value, value < 0);
    }

    /** Writes an int of 128 bits, unsigned. */
    public MarshalWriter unsigned128(long high, long low) {
        if (high == 0 && low >= 0) {
            return integer(low);
        }
        return digits(high, low, false);
    }

    private MarshalWriter digits(long high, long low, boolean negative) {
        room(1 + 4 + 18);
        out.put(Tag.LONG);
        int countAt = out.position();
        out.putInt(0);
        int count = 0;
        long upper = high;
        long lower = low;
        while (upper != 0 || lower != 0) {
            out.putShort((short) (lower & 0x7fff));
            lower = (lower >>> 15) | (upper << 49);
            upper >>>= 15;
            count++;
        }
        out.putInt(countAt, negative ? -count : count);
        return this;
    }

    /** Writes a float. */
    public MarshalWriter float64(double value) {
        room(9);
        out.put(Tag.FLOAT).putDouble(value);
        return this;
    }

    /** Writes bytes, which are copied. */
    public MarshalWriter bytes(byte[] value) {
        tagged(Tag.BYTES, value.length);
        room(value.length);
        out.put(value);
        return this;
    }

    /** Writes a str, in UTF-8. */
    public MarshalWriter str(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        tagged(Tag.STR, utf8.length);
        room(utf8.length);
        out.put(utf8);
        return this;
    }

    /** Returns a copy of the frame written so far, its length before it. */
    public byte[] frame() {
        byte[] frame = Arrays.copyOf(out.array(), out.position());
        ByteBuffer.wrap(frame).putInt(frame.length - FrameAssembler.PREFIX_BYTES);
        return frame;
    }

    private MarshalWriter tag(byte tag) {
        room(1);
        out.put(tag);
        return this;
    }

    private MarshalWriter tagged(byte tag, int value) {
        room(5);
        out.put(tag).putInt(value);
        return this;
    }

    private void room(int bytes) {
        if (out.remaining() < bytes) {
            byte[] larger = Arrays.copyOf(out.array(), Math.max(out.capacity() * 2, out.position() + bytes));
            out = ByteBuffer.wrap(larger).order(ByteOrder.LITTLE_ENDIAN).position(out.position());
        }
    }
}
