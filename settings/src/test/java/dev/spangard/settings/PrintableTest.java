// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintableTest {
    @ParameterizedTest
    @CsvSource({"9,\\x09", "31,\\x1f", "127,\\x7f", "159,\\x9f", "8232,\\u2028", "8238,\\u202e", "8297,\\u2069"})
    void theEdgesOfEachRangeAreEscaped(int control, String escaped) {
        assertThat(Printable.of("a" + (char) control + "b")).isEqualTo("a" + escaped + "b");
    }

    @ParameterizedTest
    @CsvSource({"32", "126", "160", "233", "8231", "8239", "8293", "8304"})
    void whatIsBesideThemIsKept(int harmless) {
        String text = "a" + (char) harmless + "b";
        assertThat(Printable.of(text)).isSameAs(text);
    }
}
