// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

/**
 * The digits of an int beyond 32 bits, marshal's type {@code l}, magnitude only, up to 128 bits.
 *
 * <pre>
 *  0     1            5
 *  +-----+------------+----------------------------+
 *  | 'l' | n: i32     | |n| digits: u16, 15 bits   |
 *  |     | little-    | each, the least            |
 *  |     | endian     | significant first          |
 *  +-----+------------+----------------------------+
 *  n is negative for a negative int
 * </pre>
 *
 * <p>Each reader has one and reads all its ints into it, so that none allocates. Not thread-safe.
 */
final class LongDigits {
    /** The number of digits that 128 bits have. */
    private static final int MAX_DIGITS = 9;

    private static final int MAX_DIGIT = 0x7fff;

    /** The bits 64 to 127 of the last int read. */
    long high;
    /** The bits 0 to 63 of the last int read. */
    long low;

    /**
     * Reads the 'l' that comes next.
     *
     * @return whether it is negative
     */
    boolean read(MarshalCursor in) {
        in.expect(Tag.LONG, "an int");
        in.require(4);
        int n = (int) MarshalCursor.INT_LE.get(in.buffer, in.at);
        int count = Math.abs(n);
        if (count < 0 || count > MAX_DIGITS) {
            throw in.malformed("int of " + n + " digits is larger than 128 bits");
        }
        in.at += 4;
        in.require(count * 2);
        long lower = 0;
        long upper = 0;
        for (int i = count - 1; i >= 0; i--) {
            int digit = (in.buffer[in.at + 2 * i] & 0xff) | ((in.buffer[in.at + 2 * i + 1] & 0xff) << 8);
            if (digit > MAX_DIGIT) {
                throw in.malformed("int digit " + digit + " is above " + MAX_DIGIT);
            }
            if (upper >>> 49 != 0) {
                throw in.malformed("int is larger than 128 bits");
            }
            upper = (upper << 15) | (lower >>> 49);
            lower = (lower << 15) | digit;
        }
        in.at += count * 2;
        high = upper;
        low = lower;
        return n < 0;
    }

    /**
     * Passes over an int of any size: an application may put one where a status belongs, and its record is to be passed
     * over.
     */
    static void skip(MarshalCursor in) {
        in.require(5);
        long bytes = 2L * Math.abs((long) (int) MarshalCursor.INT_LE.get(in.buffer, in.at + 1));
        int left = in.remaining() - 5;
        if (bytes > left) {
            throw in.malformed("int of " + bytes + " bytes is more than the " + left + " left");
        }
        in.at += 5 + (int) bytes;
    }
}
