// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextLimitTest {
    private static final String GAP = "\n  …\n";
    private static final String HALVES = "\uD83D\uDE00";

    @ParameterizedTest
    @CsvSource({"3, abc", "2, ab", "1, a", "0, ''", "4, abc"})
    void cutsToTheLimitAndNoShorter(int characters, String cut) {
        assertThat(new TextLimit(characters).cut("abc")).isEqualTo(cut);
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 2", "3, 3", "4, 3", "5, 5"})
    void neverEndsInHalfACharacter(int characters, int length) {
        assertThat(new TextLimit(characters).cut(HALVES + "a" + HALVES)).hasSize(length);
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 21, 23, 24, 40, 99})
    void ofATraceTheEndIsKeptAndAQuarterFromTheBeginning(int characters) {
        String trace = "0123456789".repeat(10);
        String head = trace.substring(0, characters / 4 - GAP.length());
        String tail = trace.substring(100 - characters + head.length() + GAP.length());
        assertThat(new TextLimit(characters).cutTrace(trace))
                .hasSize(characters)
                .isEqualTo(head + GAP + tail);
    }

    @Test
    void aTraceThatFitsIsWhole() {
        assertThat(new TextLimit(100).cutTrace("0123456789".repeat(10))).hasSize(100);
    }

    @Test
    void whereThereIsNoRoomForBothEndsATraceKeepsItsBeginning() {
        assertThat(new TextLimit(19).cutTrace("0123456789".repeat(10))).isEqualTo("0123456789012345678");
    }

    @Test
    void theEndOfATraceNeverBeginsWithHalfACharacter() {
        String trace = HALVES.repeat(30) + "a";
        assertThat(new TextLimit(20).cutTrace(trace)).isEqualTo(GAP + HALVES.repeat(7) + "a");
        assertThat(new TextLimit(21).cutTrace(trace)).isEqualTo(GAP + HALVES.repeat(7) + "a");
    }
}
