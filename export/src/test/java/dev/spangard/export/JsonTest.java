// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
    /** As {@code repr} of CPython 3.11 spells them. */
    @ParameterizedTest
    @CsvSource({
        "0.25,0.25", "1e-5,1e-05", "1e-4,0.0001", "123456789,123456789.0", "1e15,1000000000000000.0", "1e16,1e+16",
        "1.5e300,1.5e+300", "-0.0,-0.0", "3,3.0", "0.1,0.1", "1e22,1e+22", "0.00012345,0.00012345"
    })
    void spellsFloatsAsPythonDoes(double value, String python) {
        assertThat(Json.pythonFloat(value)).isEqualTo(python);
    }

    @Test
    void indentsAsPythonDoes() {
        String json = new Json()
                .object()
                .key("a")
                .array()
                .element()
                .value(1)
                .element()
                .object()
                .endObject()
                .endArray()
                .key("b")
                .value((String) null)
                .endObject()
                .toString();

        assertThat(json).isEqualTo("""
                        {
                            "a": [
                                1,
                                {}
                            ],
                            "b": null
                        }""");
    }
}
