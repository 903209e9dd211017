// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ByteStringTest {
    @Test
    void keepsItsOwnCopy() {
        byte[] bytes = {1, 2, 3};
        ByteString string = ByteString.of(bytes);
        bytes[0] = 9;
        string.toByteArray()[1] = 9;

        assertThat(string.toByteArray()).containsExactly(1, 2, 3);
        assertThat(string.asByteBuffer().isReadOnly()).isTrue();
    }

    @Test
    void isEqualByItsBytes() {
        assertThat(ByteString.of("accept"))
                .isEqualTo(ByteString.of("accept"))
                .hasSameHashCodeAs(ByteString.of("accept"));
        assertThat(ByteString.of("accept")).isNotEqualTo(ByteString.of("Accept"));
        assertThat(ByteString.of(new byte[] {1, 2, 3}, 1, 2)).isEqualTo(ByteString.of(new byte[] {2}));
    }

    @Test
    void comparesNamesWithoutCaseOfAsciiOnly() {
        assertThat(ByteString.of("X-Team").equalsIgnoreCase(ByteString.of("x-tEAM")))
                .isTrue();
        assertThat(ByteString.of("x-team").equalsIgnoreCase(ByteString.of("x-tea")))
                .isFalse();
        assertThat(ByteString.of("[").equalsIgnoreCase(ByteString.of("{"))).isFalse();
        assertThat(ByteString.of("é").equalsIgnoreCase(ByteString.of("É"))).isFalse();
    }

    @Test
    void readsUtf8WhereItIsThatAndElseLatin1() {
        assertThat(ByteString.of("größe").text()).isEqualTo("größe");
        byte[] latin = "größe".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(ByteString.of(latin).text()).isEqualTo("größe");
        assertThat(ByteString.of((byte) 0xff, (byte) 0x00).latin1()).isEqualTo("\u00ff\u0000");
    }
}
