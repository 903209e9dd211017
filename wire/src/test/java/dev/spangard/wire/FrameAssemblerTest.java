// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
        feed(ByteBuffer.allocate(4).putInt(FrameAssembler.MAX_FRAME_BYTES).array());

        assertThat(frames.next(reader)).isFalse();
        assertThat(frames.space().remaining()).isEqualTo(before - 4);
    }

    @Test
    void givesALargeBufferBackOnceItIsEmpty() {
        int usual = frames.space().remaining();
        feed(ByteBuffer.allocate(4).putInt(1 << 20).array());
        feed(new byte[1 << 20]);
        assertThat(frames.next(reader)).isTrue();

        assertThat(frames.space().remaining()).isEqualTo(usual);
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
        for (int from = 0; from < bytes.length; ) {
            ByteBuffer space = frames.space();
            int count = Math.min(space.remaining(), bytes.length - from);
            space.put(bytes, from, count);
            from += count;
        }
    }
}
