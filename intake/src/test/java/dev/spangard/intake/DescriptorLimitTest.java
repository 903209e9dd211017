// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DescriptorLimitTest {
    @ParameterizedTest
    @CsvSource({"1048576, 512", "1792, 512", "1791, 511", "1024, 256", "512, 85", "200, 33", "100, 6", "80, 1", "0, 1"})
    void leavesDescriptorsForTheRestOfTheEngine(long descriptors, int connections) {
        assertThat(DescriptorLimit.connections(512, descriptors)).isEqualTo(connections);
    }

    @Test
    void readsTheSoftLimit() {
        assertThat(DescriptorLimit.softLimit(List.of(
                        "Limit                     Soft Limit           Hard Limit           Units     ",
                        "Max processes             7823                 7823                 processes ",
                        "Max open files            1024                 524288               files     ")))
                .isEqualTo(1024);
        assertThat(DescriptorLimit.softLimit(
                        List.of("Max open files            unlimited            unlimited  files")))
                .isEqualTo(Long.MAX_VALUE);
        assertThat(DescriptorLimit.softLimit(List.of())).isEqualTo(Long.MAX_VALUE);
    }
}
