// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PartialSuccessTest {
    /** As protoc encodes {@code partial_success { rejected_spans: rejected error_message: message }}. */
    static byte[] encoded(int rejected, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        var inner = new ByteArrayOutputStream();
        inner.write(0x08);
        varint(inner, rejected);
        inner.write(0x12);
        varint(inner, text.length);
        inner.writeBytes(text);
        var outer = new ByteArrayOutputStream();
        outer.write(0x0a);
        varint(outer, inner.size());
        outer.writeBytes(inner.toByteArray());
        return outer.toByteArray();
    }

    private static void varint(ByteArrayOutputStream out, int value) {
        int rest = value;
        while (rest > 0x7f) {
            out.write((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
    }

    @Test
    void readsWhatACollectorRejects() {
        assertThat(PartialSuccess.read(encoded(3, "too old"))).isEqualTo(new PartialSuccess(3, "too old"));
        assertThat(PartialSuccess.read(encoded(100_000, "ä"))).isEqualTo(new PartialSuccess(100_000, "ä"));
    }

    @Test
    void anEmptyAnswerRejectsNothing() {
        assertThat(PartialSuccess.read(new byte[0])).isEqualTo(PartialSuccess.NONE);
        assertThat(PartialSuccess.read(new byte[] {0x0a, 0})).isEqualTo(PartialSuccess.NONE);
    }

    @Test
    void aWarningRejectsNothing() {
        assertThat(PartialSuccess.read(encoded(0, "deprecated"))).isEqualTo(new PartialSuccess(0, "deprecated"));
    }

    @Test
    void passesOverFieldsItDoesNotKnow() {
        byte[] known = encoded(7, "");
        byte[] later = new byte[known.length + 20];
        // varint, fixed64, fixed32 and bytes of fields 2 to 5
        byte[] unknown = {0x10, 5, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4, 0x2a, 2, 9, 9};
        System.arraycopy(unknown, 0, later, 0, unknown.length);
        System.arraycopy(known, 0, later, unknown.length, known.length);

        assertThat(PartialSuccess.read(later).rejected()).isEqualTo(7);
    }

    @Test
    void anAnswerCutAnywhereRejectsNothing() {
        byte[] whole = encoded(300, "no");
        for (int length = 0; length < whole.length; length++) {
            assertThat(PartialSuccess.read(Arrays.copyOf(whole, length))).isEqualTo(PartialSuccess.NONE);
        }
    }

    @Test
    void neverFailsWhateverTheBytes() {
        var random = new Random(42);
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = i % 2 == 0 ? new byte[random.nextInt(40)] : encoded(random.nextInt(1 << 20), "message");
            if (i % 2 == 0) {
                random.nextBytes(bytes);
            } else {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            assertThat(PartialSuccess.read(bytes).rejected()).isNotNegative();
        }
    }
}
