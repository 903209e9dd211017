// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class HeadersTest {
    private static final Headers HEADERS = Headers.of("Host", "example.org", "accept", "a", "Accept", "b");

    @Test
    void keepsLinesInTheirOrder() {
        List<String> lines = new ArrayList<>();
        HEADERS.forEach(header -> lines.add(header.name() + "=" + header.value()));

        assertThat(lines).containsExactly("Host=example.org", "accept=a", "Accept=b");
        assertThat(HEADERS.size()).isEqualTo(3);
    }

    @Test
    void findsNamesWhateverTheirCase() {
        assertThat(HEADERS.first(ByteString.of("ACCEPT"))).isEqualTo(ByteString.of("a"));
        assertThat(HEADERS.all(ByteString.of("accept"))).containsExactly(ByteString.of("a"), ByteString.of("b"));
        assertThat(HEADERS.first(ByteString.of("cookie"))).isNull();
        assertThat(HEADERS.all(ByteString.of("cookie"))).isEmpty();
    }

    @Test
    void isEqualByItsLines() {
        assertThat(HEADERS.toBuilder().build()).isEqualTo(HEADERS).hasSameHashCodeAs(HEADERS);
        assertThat(HEADERS.toBuilder().add("a", "b").build()).isNotEqualTo(HEADERS);
        assertThat(Headers.of()).isSameAs(Headers.EMPTY);
    }

    @Test
    void refusesHalfAPair() {
        assertThatThrownBy(() -> Headers.of("accept")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void keepsValuesOutOfItsText() {
        Headers headers = Headers.of("cookie", "session=secret", "accept", "*/*");

        assertThat(headers).hasToString("Headers[cookie, accept]");
        assertThat(headers.iterator().next().toString()).isEqualTo("cookie: …");
    }

    @Test
    void namesThatDifferByTheirLengthOnlyAreNotTakenForEachOther() {
        String longName = "a".repeat(65);
        Headers headers = Headers.of(longName, "long");

        assertThat(headers.first(ByteString.of("a"))).isNull();
        assertThat(headers.first(ByteString.of("aa"))).isNull();
        assertThat(headers.first(ByteString.of(longName))).isEqualTo(ByteString.of("long"));
    }
}
