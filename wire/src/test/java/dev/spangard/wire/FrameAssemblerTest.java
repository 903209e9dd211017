// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class FrameAssemblerTest {
    private final FrameAssembler frames = new FrameAssembler();
    private final MarshalReader reader = new MarshalReader();

    @Test
    void takesTheLargestFrame() {
        feed(ByteBuffer.allocate(4).putInt(FrameAssembler.MAX_FRAME_BYTES).array());
        byte[] piece = new byte[100_000];
        for (int left = FrameAssembler.MAX_FRAME_BYTES; left > 0; left -= piece.length) {
            assertThat(frames.next(reader)).isFalse();
            feed(left < piece.length ? new byte[left] : piece);
        }

        assertThat(frames.next(reader)).isTrue();
        assertThat(reader.remaining()).isEqualTo(FrameAssembler.MAX_FRAME_BYTES);
        assertThat(frames.next(reader)).isFalse();
    }

    @Test
    void refusesALargerOneByItsLengthAlone() {
        feed(ByteBuffer.allocate(4).putInt(FrameAssembler.MAX_FRAME_BYTES + 1).array());

        assertThatThrownBy(() -> frames.next(reader)).isInstanceOf(MalformedException.class);
    }

    @Test
    void refusesAnEmptyFrameAndOneOfNegativeLength() {
        feed(new byte[4]);
        assertThatThrownBy(() -> frames.next(reader)).isInstanceOf(MalformedException.class);

        FrameAssembler others = new FrameAssembler();
        others.space().put(new byte[] {-1, -1, -1, -1});
        assertThatThrownBy(() -> others.next(reader)).isInstanceOf(MalformedException.class);
    }

    @Test
    void reservesNothingForAClaim() {
        int before = frames.space().remaining();
        assertThat(before).isEqualTo(FrameAssembler.FIRST_BYTES);
        feed(ByteBuffer.allocate(4).putInt(FrameAssembler.MAX_FRAME_BYTES).array());

        assertThat(frames.next(reader)).isFalse();
        assertThat(frames.space().remaining()).isEqualTo(before - 4);
    }

    @Test
    void givesALargeBufferBackOnceItIsEmpty() {
        feed(ByteBuffer.allocate(4).putInt(1 << 20).array());
        feed(new byte[1 << 20]);
        assertThat(frames.next(reader)).isTrue();

        assertThat(frames.space().remaining()).isEqualTo(FrameAssembler.USUAL_BYTES);
    }

    @Test
    void takesWhatIsBeyondTheUsualOutOfABudgetAndGivesItBack() {
        ByteBudget budget = new ByteBudget(3 * FrameAssembler.USUAL_BYTES);
        FrameAssembler large = new FrameAssembler(budget);
        feed(
                large,
                ByteBuffer.allocate(4).putInt(FrameAssembler.MAX_FRAME_BYTES).array());
        feed(large, new byte[4 * FrameAssembler.USUAL_BYTES - 4]);
        assertThat(budget.taken()).isEqualTo(3 * FrameAssembler.USUAL_BYTES);
        assertThat(large.next(reader)).isFalse();

        assertThatThrownBy(large::space).isInstanceOf(BudgetException.class).hasMessageContaining("196608 bytes");

        large.close();
        assertThat(budget.taken()).isZero();
    }

    @Test
    void offersNoMoreThanTheUsualAtOnce() {
        feed(ByteBuffer.allocate(4).putInt(FrameAssembler.MAX_FRAME_BYTES).array());
        feed(new byte[(1 << 20) - 3]);
        assertThat(frames.space().remaining()).isEqualTo(FrameAssembler.USUAL_BYTES);
    }

    /** The claim is in a frame that is wholly there, so that only the values inside lie. */
    @Test
    void allocatesLittleForAFrameOf64KThatClaimsAGigabyte() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (char type : "su([".toCharArray()) {
            byte[] frame = new byte[64 << 10];
            ByteBuffer.wrap(frame).putInt(frame.length - 4).put((byte) type).putInt(Integer.reverseBytes(1 << 30));
            ByteBuffer claim = ByteBuffer.allocate(frame.length).putInt(1 << 30).put(new byte[frame.length - 4]);
            long before = threads.getCurrentThreadAllocatedBytes();
            FrameAssembler assembler = new FrameAssembler();
            feed(assembler, frame);
            assertThat(assembler.next(reader)).isTrue();
            assertThatThrownBy(reader::skip).isInstanceOf(MalformedException.class);
            FrameAssembler claimed = new FrameAssembler();
            feed(claimed, claim.array());
            assertThatThrownBy(() -> claimed.next(reader)).isInstanceOf(MalformedException.class);
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
        }
    }

    @Test
    void findsAllFramesOfOneRead() {
        byte[] frame = new MarshalWriter().integer(7).frame();
        int count = 1000;
        ByteBuffer many = ByteBuffer.allocate(count * frame.length);
        for (int i = 0; i < count; i++) {
            many.put(frame);
        }
        feed(many.array());

        int found = 0;
        while (frames.next(reader)) {
            assertThat(reader.int32()).isEqualTo(7);
            found++;
        }
        assertThat(found).isEqualTo(count);
    }

    private void feed(byte[] bytes) {
        feed(frames, bytes);
    }

    private static void feed(FrameAssembler frames, byte[] bytes) {
        for (int from = 0; from < bytes.length; ) {
            ByteBuffer space = frames.space();
            int count = Math.min(space.remaining(), bytes.length - from);
            space.put(bytes, from, count);
            from += count;
        }
    }
}
