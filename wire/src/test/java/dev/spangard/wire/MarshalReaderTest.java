// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

final class MarshalReaderTest {
    @Test
    void refusesALengthOfAGigabyte() {
        for (char type : "su([t".toCharArray()) {
            byte[] lie = {(byte) type, 0, 0, 0, 0x40, 'x'};
            assertThatThrownBy(() -> reader(lie).skip())
                    .isInstanceOf(MalformedException.class)
                    .hasMessageContaining("length 1073741824 is more than the 1 bytes left");
        }
    }

    @Test
    void refusesANegativeLength() {
        assertMalformed(MarshalReader::bytes, 's', 0xff, 0xff, 0xff, 0xff);
    }

    @Test
    void takesALengthThatEndsWithThePayload() {
        assertThat(reader(new byte[] {'s', 1, 0, 0, 0, 7}).bytes()).containsExactly(7);
        assertMalformed(MarshalReader::bytes, 's', 2, 0, 0, 0, 7);
    }

    @Test
    void readsValuesNestedToTheLimitAndNoDeeper() {
        MarshalWriter deepest = new MarshalWriter();
        MarshalWriter tooDeep = new MarshalWriter().tuple(1);
        for (int i = 0; i < MarshalReader.MAX_DEPTH; i++) {
            deepest.tuple(1);
            tooDeep.list(1);
        }

        reader(deepest.none()).skip();
        assertThatThrownBy(() -> reader(tooDeep.none()).skip())
                .isInstanceOf(MalformedException.class)
                .hasMessageContaining("deeper than 16");
    }

    @Test
    void refusesAMillionOpeningDictsWithoutOverflowingTheStack() {
        byte[] braces = new byte[1 << 20];
        java.util.Arrays.fill(braces, Tag.DICT);

        assertThatThrownBy(() -> reader(braces).skip()).isInstanceOf(MalformedException.class);
    }

    @Test
    void refusesIntsThatDoNotFit() {
        assertThatThrownBy(() -> reader(new MarshalWriter().integer(1L << 31)).int32())
                .hasMessageContaining("larger than 32 bits");
        assertThatThrownBy(() -> reader(new MarshalWriter().unsigned128(0, -1)).int64())
                .hasMessageContaining("larger than 64 bits");
        assertThatThrownBy(() -> reader(new MarshalWriter().unsigned128(1, 0)).unsigned64())
                .hasMessageContaining("larger than 64 bits");
        assertThatThrownBy(() -> reader(new MarshalWriter().integer(-1)).unsigned64())
                .hasMessageContaining("negative");
        assertThatThrownBy(() ->
                        reader(new MarshalWriter().integer(Long.MIN_VALUE)).unsigned128())
                .hasMessageContaining("negative");
    }

    @Test
    void takesAnotherIntForOneThatDoesNotFitIfAsked() {
        MarshalReader in =
                reader(new MarshalWriter().tuple(3).integer(1L << 31).str("80").integer(80));
        in.tuple();
        assertThat(in.int32Or(-1)).isEqualTo(-1);
        assertThat(in.int32Or(-1)).isEqualTo(-1);
        assertThat(in.int32Or(-1)).isEqualTo(80);
        assertThat(in.remaining()).isZero();
    }

    @Test
    void skipsAnIntOfAnySize() {
        byte[] payload = new byte[5 + 2 * 1000 + 1];
        payload[0] = 'l';
        ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).putInt(1, -1000);
        payload[payload.length - 1] = 'N';
        MarshalReader in = new MarshalReader().reset(payload, 0, payload.length);
        in.skip();
        assertThat(in.nextIsNone()).isTrue();
    }

    @Test
    void refusesToSkipAnIntLongerThanThePayload() {
        byte[] payload = {'l', 0, 0, 0, (byte) 0x80, 1, 0};
        MarshalReader in = new MarshalReader().reset(payload, 0, payload.length);
        assertThatThrownBy(in::skip).isInstanceOf(MalformedException.class).hasMessageContaining("2 left");
    }

    @Test
    void refusesIntsOfMoreThan128Bits() {
        // 2^128: nine digits of 15 bits hold 135
        assertMalformed(MarshalReader::unsigned128, intOfDigits(9, 0x0100));
        assertThat(reader(intOfDigits(9, 0x00ff)).unsigned128()).isZero();
        assertMalformed(MarshalReader::unsigned128, intOfDigits(10, 0));
    }

    @Test
    void refusesADigitAbove32767() {
        assertMalformed(MarshalReader::int64, 'l', 1, 0, 0, 0, 0xff, 0xff);
    }

    @Test
    void refusesTheCountThatHasNoMagnitude() {
        assertMalformed(MarshalReader::int64, 'l', 0, 0, 0, 0x80);
    }

    @Test
    void takesAnIntForAFloat() {
        assertThat(reader(new MarshalWriter().integer(3)).float64()).isEqualTo(3.0);
    }

    @Test
    void namesTheTypeItFoundAndWhere() {
        MarshalReader in = reader(new MarshalWriter().tuple(1).bool(true));
        in.tuple();
        assertThatThrownBy(in::str)
                .isInstanceOf(MalformedException.class)
                .hasMessage("expected a str, found type 'T' at byte 5");
    }

    @Test
    void refusesTypesThatNoRecorderWrites() {
        for (int type : new int[] {'z', ')', 'r', 'c', '<', '.', 'S', 0, 0xe9}) {
            assertMalformed(MarshalReader::skip, type, 0, 0, 0, 0, 0, 0, 0, 0);
        }
    }

    @Test
    void resumesAfterABadValueByGoingBackAndSkipping() {
        MarshalReader in = reader(new MarshalWriter().tuple(2).str("no number").integer(7));
        in.tuple();
        int at = in.position();
        assertThatThrownBy(in::int32).isInstanceOf(MalformedException.class);

        in.position(at);
        in.skip();

        assertThat(in.int32()).isEqualTo(7);
    }

    @Test
    void readsBytesThatAreNoUtf8AsLatin1() {
        assertThat(reader(new MarshalWriter().bytes(new byte[] {'a', (byte) 0xff, '\\', 'x'}))
                        .bytesAsText(100))
                .isEqualTo("aÿ\\x");
        assertThat(reader(new MarshalWriter().bytes("é\ufffd".getBytes(StandardCharsets.UTF_8)))
                        .bytesAsText(100))
                .isEqualTo("é\ufffd");
    }

    @Test
    void takesNoMoreOfATextThanAllowed() {
        MarshalReader in = reader(new MarshalWriter()
                .tuple(4)
                .str("abcdef")
                .str("abcdef")
                .bytes(ascii("abcdef"))
                .bytes(ascii("abcdef")));
        in.tuple();

        assertThat(in.str(3)).isEqualTo("abc");
        assertThat(in.repeatedStr(6)).isEqualTo("abcdef");
        assertThat(in.bytesAsText(5)).isEqualTo("abcde");
        assertThat(in.repeatedBytesAsText(2)).isEqualTo("ab");
        assertThat(in.remaining()).isZero();
    }

    @Test
    void givesRepeatedTextsAsTheSameString() {
        StringCache strings = new StringCache();
        byte[] payload = payload(new MarshalWriter().str("curl/8.5.0"));
        byte[] asBytes = payload(new MarshalWriter().bytes(ascii("curl/8.5.0")));

        String first =
                new MarshalReader(strings).reset(payload, 0, payload.length).repeatedStr(100);
        String second =
                new MarshalReader(strings).reset(asBytes, 0, asBytes.length).repeatedBytesAsText(100);

        assertThat(second).isSameAs(first);
    }

    @Test
    void remembersNoTextThatReadsDifferentlyAsBytes() {
        StringCache strings = new StringCache();
        byte[] utf8 = {'u', 1, 0, 0, 0, (byte) 0xff};
        byte[] bytes = {'s', 1, 0, 0, 0, (byte) 0xff};

        assertThat(new MarshalReader(strings).reset(utf8, 0, 6).repeatedStr(9)).isEqualTo("\ufffd");
        assertThat(new MarshalReader(strings).reset(bytes, 0, 6).repeatedBytesAsText(9))
                .isEqualTo("ÿ");
    }

    @Test
    void refusesAPositionOutsideThePayload() {
        MarshalReader in = reader(new MarshalWriter().none());

        assertThatThrownBy(() -> in.position(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> in.reset(new byte[1], 0, 2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static byte[] intOfDigits(int count, int last) {
        byte[] bytes = new byte[5 + 2 * count];
        bytes[0] = Tag.LONG;
        bytes[1] = (byte) count;
        bytes[bytes.length - 2] = (byte) last;
        bytes[bytes.length - 1] = (byte) (last >> 8);
        return bytes;
    }

    private static void assertMalformed(Consumer<MarshalReader> read, int... bytes) {
        byte[] payload = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            payload[i] = (byte) bytes[i];
        }
        assertMalformed(read, payload);
    }

    private static void assertMalformed(Consumer<MarshalReader> read, byte[] payload) {
        assertThatThrownBy(() -> read.accept(reader(payload))).isInstanceOf(MalformedException.class);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static MarshalReader reader(MarshalWriter value) {
        return reader(payload(value));
    }

    private static byte[] payload(MarshalWriter value) {
        byte[] frame = value.frame();
        return java.util.Arrays.copyOfRange(frame, FrameAssembler.PREFIX_BYTES, frame.length);
    }

    private static MarshalReader reader(byte[] payload) {
        return new MarshalReader().reset(payload, 0, payload.length);
    }
}
