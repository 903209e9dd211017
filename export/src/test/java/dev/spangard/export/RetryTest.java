// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryTest {
    private final Random random = new Random(7);

    private Duration delay(int failures) {
        return Retry.DEFAULTS.delay(failures, null, random);
    }

    @Test
    void doublesFromASecondToTenHalfMoreOrLess() {
        for (int i = 0; i < 1000; i++) {
            assertThat(delay(1)).isBetween(Duration.ofMillis(500), Duration.ofMillis(1500));
            assertThat(delay(3)).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(6));
            assertThat(delay(1000)).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(15));
        }
        assertThat(delay(1)).isNotEqualTo(delay(1));
    }

    @Test
    void waitsAsLongAsTheCollectorAsksWithinAMinute() {
        for (int i = 0; i < 1000; i++) {
            assertThat(Retry.DEFAULTS.delay(1, Duration.ofSeconds(20), random))
                    .isBetween(Duration.ofSeconds(20), Duration.ofSeconds(24));
            assertThat(Retry.DEFAULTS.delay(9, Duration.ofDays(400), random))
                    .isBetween(Duration.ofSeconds(60), Duration.ofSeconds(72));
            assertThat(Retry.DEFAULTS.delay(9, Duration.ZERO, random)).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        }
    }
}
