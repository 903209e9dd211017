// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryLimitTest {
    private final MemoryLimit memory = new MemoryLimit(100);

    @Test
    void oneQueueMayHoldHalf() {
        assertThat(memory.take(50, 0)).isTrue();
        assertThat(memory.take(1, 50)).isFalse();
        assertThat(memory.held()).isEqualTo(50);
    }

    @Test
    void aSecondQueueMayHoldHalfOfWhatTheFirstLeaves() {
        memory.take(50, 0);

        assertThat(memory.take(25, 0)).isTrue();
        assertThat(memory.take(1, 25)).isFalse();
    }

    @Test
    void whatIsGivenBackCanBeTakenAgain() {
        memory.take(50, 0);
        memory.give(50);

        assertThat(memory.take(50, 0)).isTrue();
    }
}
