// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class GoldenTest {
    static Iterable<String> names() {
        return Golden.NAMES;
    }

    @Test
    void readsEveryTypeAsPythonWroteIt() {
        MarshalReader in = Golden.reader("values");

        assertThat(in.tuple()).isEqualTo(32);
        assertThat(in.nextIsNone()).isTrue();
        assertThat(in.bool()).isTrue();
        assertThat(in.bool()).isFalse();
        assertThat(in.int32()).isZero();
        assertThat(in.int32()).isEqualTo(1);
        assertThat(in.int32()).isEqualTo(-1);
        assertThat(in.int32()).isEqualTo(Integer.MAX_VALUE);
        assertThat(in.int32()).isEqualTo(Integer.MIN_VALUE);
        assertThat(in.int64()).isEqualTo(1L << 31);
        assertThat(in.int64()).isEqualTo(Integer.MIN_VALUE - 1L);
        assertThat(in.int64()).isEqualTo(Long.MAX_VALUE);
        assertThat(in.int64()).isEqualTo(Long.MIN_VALUE);
        assertThat(in.unsigned64()).isEqualTo(-1L);
        assertThat(in.unsigned128()).isEqualTo(-1L);
        assertThat(in.high()).isEqualTo(-1L);
        assertThat(in.float64()).isEqualTo(0.0);
        assertThat(in.float64()).isEqualTo(-0.0);
        assertThat(in.float64()).isEqualTo(1.5);
        assertThat(in.float64()).isInfinite();
        assertThat(in.bytes()).isEmpty();
        assertThat(in.bytes()).containsExactly(0, 0xff);
        assertThat(in.bytesAsText(10)).isEqualTo("GET");
        assertThat(in.str()).isEmpty();
        assertThat(in.str()).isEqualTo("é");
        assertThat(in.str()).isEqualTo("😀");
        assertThat(in.str()).isEqualTo("\ufffd");
        assertThat(in.str(7)).isEqualTo("xxxxxxx");
        assertThat(in.tuple()).isZero();
        in.skip();
        assertThat(in.list()).isZero();
        assertThat(in.sequence()).isEqualTo(2);
        assertThat(in.int32() + in.int32()).isEqualTo(3);
        in.dict();
        assertThat(in.dictEnds()).isTrue();
        in.dict();
        assertThat(in.dictEnds()).isFalse();
        assertThat(in.repeatedStr(10)).isEqualTo("a");
        assertThat(in.int32()).isEqualTo(1);
        assertThat(in.repeatedStr(10)).isEqualTo("b");
        assertThat(in.nextIsNone()).isTrue();
        assertThat(in.dictEnds()).isTrue();
        assertThat(in.remaining()).isZero();
    }

    @ParameterizedTest
    @MethodSource("names")
    void skipsOverAWholeFrame(String name) {
        MarshalReader in = Golden.reader(name);

        in.skip();

        assertThat(in.remaining()).isZero();
    }

    @ParameterizedTest
    @MethodSource("names")
    void refusesAFrameCutOffAtAnyByte(String name) {
        byte[] payload = Golden.payload(name);
        for (int length = 0; length < payload.length; length++) {
            // A copy, so that a read past the end would be noticed as another exception.
            byte[] part = Arrays.copyOf(payload, length);
            assertThatThrownBy(() ->
                            new MarshalReader().reset(part, 0, part.length).skip())
                    .as("%s cut at %d", name, length)
                    .isInstanceOf(MalformedException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void assemblesTheSameFrameFromAnyPieces(String name) {
        byte[] frame = Golden.frame(name);
        for (int piece : new int[] {1, 2, 3, 7, frame.length}) {
            FrameAssembler frames = new FrameAssembler();
            MarshalReader reader = new MarshalReader();
            int found = 0;
            for (int from = 0; from < 2 * frame.length; ) {
                int count = Math.min(piece, frame.length - from % frame.length);
                frames.space().put(frame, from % frame.length, count);
                from += count;
                while (frames.next(reader)) {
                    assertThat(reader.remaining()).isEqualTo(frame.length - FrameAssembler.PREFIX_BYTES);
                    reader.skip();
                    assertThat(reader.remaining()).isZero();
                    found++;
                }
            }
            assertThat(found).as("pieces of %d", piece).isEqualTo(2);
        }
    }

    @Test
    void writesTheSameBytesAsPython() {
        BigInteger all = BigInteger.ONE.shiftLeft(128).subtract(BigInteger.ONE);
        MarshalWriter out = new MarshalWriter()
                .tuple(32)
                .none()
                .bool(true)
                .bool(false)
                .integer(0)
                .integer(1)
                .integer(-1)
                .integer(Integer.MAX_VALUE)
                .integer(Integer.MIN_VALUE)
                .integer(1L << 31)
                .integer(Integer.MIN_VALUE - 1L)
                .integer(Long.MAX_VALUE)
                .integer(Long.MIN_VALUE)
                .unsigned128(0, -1)
                .unsigned128(all.shiftRight(64).longValue(), all.longValue())
                .float64(0.0)
                .float64(-0.0)
                .float64(1.5)
                .float64(Double.POSITIVE_INFINITY)
                .bytes(new byte[0])
                .bytes(new byte[] {0, (byte) 0xff})
                .bytes(new byte[] {'G', 'E', 'T'})
                .str("")
                .str("é")
                .str("😀");
        byte[] expected = Golden.frame("values");
        byte[] written = out.frame();

        assertThat(Arrays.copyOfRange(written, 4, written.length))
                .isEqualTo(Arrays.copyOfRange(expected, 4, written.length));
    }

    @Test
    void writesTheEnginesAnswersAsPythonWould() {
        assertThat(new MarshalWriter().tuple(2).integer(16).integer(4).frame()).isEqualTo(Golden.frame("welcome"));
        assertThat(new MarshalWriter()
                        .tuple(3)
                        .integer(17)
                        .str("This engine speaks version 4.")
                        .integer(60)
                        .frame())
                .isEqualTo(Golden.frame("refused"));
    }
}
