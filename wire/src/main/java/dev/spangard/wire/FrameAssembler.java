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
 * length claims: from {@value #FIRST_BYTES} bytes for who says nothing to {@value #USUAL_BYTES} for who says the usual;
 * what is beyond comes out of a budget that many share. Not thread-safe.
 */
public final class FrameAssembler {
    /** The most bytes that the payload of a frame may have. */
    public static final int MAX_FRAME_BYTES = 4 << 20;

    static final int PREFIX_BYTES = 4;

    /** The bytes that a connection costs that has not said anything. */
    static final int FIRST_BYTES = 4 << 10;

    /**
     * The bytes of a buffer into which a batch of 128 plain requests fits. This is also the most that {@link #space}
     * offers: a channel keeps as much beside it.
     */
    static final int USUAL_BYTES = 64 << 10;

    private static final byte[] NOTHING = {};

    private final ByteBudget budget;
    private byte[] buffer = new byte[FIRST_BYTES];
    private ByteBuffer space = ByteBuffer.wrap(buffer);
    private int read;
    private int limit = MAX_FRAME_BYTES;

    /** Makes an assembler of a connection that shares no budget. */
    public FrameAssembler() {
        this(new ByteBudget(Long.MAX_VALUE));
    }

    /**
     * Makes an assembler that takes larger buffers out of a budget.
     *
     * @param budget of buffers beyond {@value #USUAL_BYTES} bytes; {@link #close} gives back what was taken
     */
    public FrameAssembler(ByteBudget budget) {
        this.budget = budget;
    }

    /**
     * Sets how large a frame may be, from the next one on.
     *
     * @param payloadBytes none may have more; at most {@link #MAX_FRAME_BYTES}
     */
    public void limit(int payloadBytes) {
        limit = Math.min(payloadBytes, MAX_FRAME_BYTES);
    }

    /**
     * Returns the buffer where the next bytes belong: write at its position, at least one byte and as many as remain,
     * at most {@value #USUAL_BYTES}. It is valid until the next call of any method; a payload handed out by {@link
     * #next} is no longer valid after it.
     *
     * @throws BudgetException if there is no room for more; nothing more can be read
     */
    public ByteBuffer space() {
        int written = space.position();
        if (read == written) {
            read = 0;
            // Who fills the first buffer says more than a greeting.
            if (buffer.length > USUAL_BYTES || (buffer.length < USUAL_BYTES && written == buffer.length)) {
                budget.give(Math.max(0, buffer.length - USUAL_BYTES));
                buffer = new byte[USUAL_BYTES];
                space = ByteBuffer.wrap(buffer);
            }
            space.clear();
        } else if (read > 0) {
            System.arraycopy(buffer, read, buffer, 0, written - read);
            space.clear().position(written - read);
            read = 0;
        }
        space.limit(buffer.length);
        if (!space.hasRemaining()) {
            grow();
        }
        return space.limit(Math.min(buffer.length, space.position() + USUAL_BYTES));
    }

    private void grow() {
        int used = buffer.length;
        int wanted = used < USUAL_BYTES ? USUAL_BYTES : Math.min(used * 2, PREFIX_BYTES + MAX_FRAME_BYTES);
        if (used >= USUAL_BYTES && !budget.take(wanted - used)) {
            throw new BudgetException(budget);
        }
        buffer = Arrays.copyOf(buffer, wanted);
        space = ByteBuffer.wrap(buffer).position(used);
    }

    /**
     * Gives the buffer back to the budget. Nothing may be read any more, which includes payloads that {@link #next}
     * handed out.
     */
    public void close() {
        budget.give(Math.max(0, buffer.length - USUAL_BYTES));
        buffer = NOTHING;
        space = ByteBuffer.wrap(buffer);
        read = 0;
    }

    /**
     * Points {@code reader} at the payload of the next whole frame.
     *
     * @return false if no whole frame has arrived
     * @throws MalformedException if the frame's length is 0 or more than {@link #limit} allows; nothing after it can
     *     be read
     */
    public boolean next(MarshalReader reader) {
        int written = space.position();
        if (written - read < PREFIX_BYTES) {
            return false;
        }
        int length = ByteBuffer.wrap(buffer, read, PREFIX_BYTES).getInt();
        if (length < 1 || length > limit) {
            throw new MalformedException(
                    "frame of " + Integer.toUnsignedString(length) + " bytes, allowed are 1 to " + limit, 0);
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
