// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever the bytes, a reader ends at a value's end or throws MalformedException, and never reads past the payload. */
final class MarshalFuzzTest {
    private static final long SEED = 20261122;

    private final Random random = new Random(SEED);
    private final MarshalReader reader = new MarshalReader();

    @Test
    void survivesGoldenFramesWithFlippedBytes() {
        int refused = 0;
        int rounds = 200_000;
        for (int i = 0; i < rounds; i++) {
            byte[] payload = Golden.payload(Golden.NAMES.get(random.nextInt(Golden.NAMES.size())));
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                payload[random.nextInt(payload.length)] = (byte) random.nextInt(256);
            }
            refused += skip(payload) ? 0 : 1;
        }
        // Both kinds must occur, or the test tells nothing.
        assertThat(refused).isBetween(rounds / 100, rounds * 99 / 100);
    }

    @Test
    void survivesRandomBytes() {
        byte[] types = {'N', 'T', 'F', 'i', 'l', 'g', 's', 'u', 't', '(', '[', '{', '0', 'z'};
        for (int i = 0; i < 200_000; i++) {
            byte[] payload = new byte[random.nextInt(64)];
            for (int at = 0; at < payload.length; at++) {
                payload[at] = random.nextInt(3) == 0 ? types[random.nextInt(types.length)] : (byte) random.nextInt(3);
            }
            skip(payload);
        }
    }

    @Test
    void readsBackRandomValuesThatWereWritten() {
        for (int i = 0; i < 2_000; i++) {
            long seed = random.nextLong();
            MarshalWriter out = new MarshalWriter();
            new Values(new Random(seed)).write(out, 4);
            byte[] frame = out.frame();
            reader.reset(frame, FrameAssembler.PREFIX_BYTES, frame.length);

            new Values(new Random(seed)).check(reader, 4);

            assertThat(reader.remaining()).isZero();
        }
    }

    private boolean skip(byte[] payload) {
        byte[] exact = Arrays.copyOf(payload, payload.length);
        try {
            reader.reset(exact, 0, exact.length).skip();
            return true;
        } catch (MalformedException e) {
            assertThat(e.position()).isBetween(0, exact.length);
            return false;
        } catch (RuntimeException e) {
            return fail("payload " + Arrays.toString(payload), e);
        }
    }

    /** The same sequence of values for the same seed: once to write, once to compare. */
    private record Values(Random random) {
        void write(MarshalWriter out, int depth) {
            switch (random.nextInt(depth == 0 ? 6 : 8)) {
                case 0 -> out.none();
                case 1 -> out.bool(random.nextBoolean());
                case 2 -> out.integer(integer());
                case 3 -> out.float64(random.nextDouble());
                case 4 -> out.str(text());
                case 5 -> out.unsigned128(random.nextLong(), random.nextLong());
                case 6 -> {
                    int count = random.nextInt(5);
                    out.tuple(count);
                    for (int i = 0; i < count; i++) {
                        write(out, depth - 1);
                    }
                }
                default -> {
                    int count = random.nextInt(4);
                    out.dict();
                    for (int i = 0; i < count; i++) {
                        out.str(text());
                        write(out, depth - 1);
                    }
                    out.dictEnd();
                }
            }
        }

        void check(MarshalReader in, int depth) {
            switch (random.nextInt(depth == 0 ? 6 : 8)) {
                case 0 -> assertThat(in.nextIsNone()).isTrue();
                case 1 -> assertThat(in.bool()).isEqualTo(random.nextBoolean());
                case 2 -> assertThat(in.int64()).isEqualTo(integer());
                case 3 -> assertThat(in.float64()).isEqualTo(random.nextDouble());
                case 4 -> assertThat(in.repeatedStr(1000)).isEqualTo(text());
                case 5 -> {
                    long low = in.unsigned128();
                    assertThat(in.high()).isEqualTo(random.nextLong());
                    assertThat(low).isEqualTo(random.nextLong());
                }
                case 6 -> {
                    int count = random.nextInt(5);
                    assertThat(in.tuple()).isEqualTo(count);
                    for (int i = 0; i < count; i++) {
                        check(in, depth - 1);
                    }
                }
                default -> {
                    in.dict();
                    for (int count = random.nextInt(4); count > 0; count--) {
                        assertThat(in.dictEnds()).isFalse();
                        assertThat(in.str()).isEqualTo(text());
                        check(in, depth - 1);
                    }
                    assertThat(in.dictEnds()).isTrue();
                }
            }
        }

        private long integer() {
            return random.nextLong() >> random.nextInt(64);
        }

        private String text() {
            return "x".repeat(random.nextInt(200)) + (random.nextBoolean() ? "é" : "");
        }
    }
}
