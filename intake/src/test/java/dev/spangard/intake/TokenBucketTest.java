// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TokenBucketTest {
    private static final long NOW = -1_000_000_000L;
    private static final int PER_SECOND = 100;

    private final TokenBucket bucket = new TokenBucket(PER_SECOND, NOW);

    @Test
    void letsThroughASecondsWorthAtOnceAndNotOneMore() {
        for (int i = 0; i < PER_SECOND; i++) {
            assertThat(bucket.take(NOW)).isLessThanOrEqualTo(0);
        }
        assertThat(bucket.take(NOW)).isEqualTo(10_000_000L);
    }

    @Test
    void neverMakesWaitWhoKeepsToTheRate() {
        for (int i = 0; i < 10 * PER_SECOND; i++) {
            assertThat(bucket.take(NOW + i * 10_000_000L)).isLessThanOrEqualTo(0);
        }
    }

    @Test
    void savesUpNoMoreThanASecond() {
        long later = NOW + 3600_000_000_000L;
        for (int i = 0; i < PER_SECOND; i++) {
            assertThat(bucket.take(later)).isLessThanOrEqualTo(0);
        }
        assertThat(bucket.take(later)).isPositive();
    }
}
