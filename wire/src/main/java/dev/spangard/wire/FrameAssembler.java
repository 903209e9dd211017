// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Bytes in, frames out, no I/O: put what arrived into {@link #space()}, then call {@link #next} until it is false.
 *
 * <pre>
 *  0        4                    4+N
 *  +--------+---------------------+
 *  | N: u32 | N bytes             |
 *  | big-   | one marshal value   |
 *  | endian |                     |
 *  +--------+---------------------+
 * </pre>
 *
 * <p>Holds at most one frame of {@value #MAX_FRAME_BYTES} bytes and grows with what has arrived, never with what a
 * length claims. Not thread-safe.
 */
public final class FrameAssembler {
    /** Largest payload of a frame. */
    public static final int MAX_FRAME_BYTES = 4 << 20;

    static final int PREFIX_BYTES = 4;

    /** A batch of 128 plain requests fits. */
    private static final int USUAL_BYTES = 64 << 10;

    /** A larger buffer is given back as soon as it is empty. */
    private static final int KEPT_BYTES = 512 << 10;

    private byte[] buffer = new byte[USUAL_BYTES];
    private ByteBuffer space = ByteBuffer.wrap(buffer);
    private int read;

    /**
     * Where the next bytes belong: write at its position, at least one byte and as many as remain. Valid until the next
     * call of any method; a payload handed out by {@link #next} is no longer valid after it.
     */
    public ByteBuffer space() {
        int written = space.position();
        if (read == written) {
            read = 0;
            if (buffer.length > KEPT_BYTES) {
                buffer = new byte[USUAL_BYTES];
                space = ByteBuffer.wrap(buffer);
            }
            space.clear();
        } else if (read > 0) {
            System.arraycopy(buffer, read, buffer, 0, written - read);
            space.position(written - read);
            read = 0;
        }
        if (!space.hasRemaining()) {
            int used = buffer.length;
            buffer = Arrays.copyOf(buffer, Math.min(used * 2, PREFIX_BYTES + MAX_FRAME_BYTES));
            space = ByteBuffer.wrap(buffer).position(used);
        }
        return space;
    }

    /**
     * Points {@code reader} at the payload of the next whole frame.
     *
     * @return false if no whole frame has arrived
     * @throws MalformedException if the frame's length is 0 or more than {@value #MAX_FRAME_BYTES}; nothing after it can
     *     be read
     */
    public boolean next(MarshalReader reader) {
        int written = space.position();
        if (written - read < PREFIX_BYTES) {
            return false;
        }
        int length = ByteBuffer.wrap(buffer, read, PREFIX_BYTES).getInt();
        if (length < 1 || length > MAX_FRAME_BYTES) {
            throw new MalformedException(
                    "frame of " + Integer.toUnsignedString(length) + " bytes, allowed are 1 to " + MAX_FRAME_BYTES, 0);
        }
        if (written - read - PREFIX_BYTES < length) {
            return false;
        }
        int from = read + PREFIX_BYTES;
        read = from + length;
        reader.reset(buffer, from, read);
        return true;
    }
}
