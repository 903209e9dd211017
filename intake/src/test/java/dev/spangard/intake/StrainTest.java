// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class StrainTest {
    private static final int FULL = 64 << 10;
    private static final long PATIENCE = Strain.PATIENCE.toNanos();
    private static final long CALM = Strain.CALM.toNanos();

    private final Strain strain = new Strain();

    @Test
    void shedsWhenARecorderDropsAndTheEngineHasBeenBehindForItsPatience() {
        strain.read(FULL, FULL, 0);
        strain.dropped();
        strain.read(FULL, FULL, PATIENCE - 1);
        assertThat(strain.sheds()).isFalse();

        strain.read(FULL, FULL, PATIENCE);
        assertThat(strain.sheds()).isTrue();
    }

    @Test
    void shedsNothingWhileTheRecorderDropsNothing() {
        strain.read(FULL, FULL, 0);
        strain.read(FULL, FULL, 10 * PATIENCE);
        assertThat(strain.sheds()).isFalse();
    }

    @Test
    void doesNotTakeTheEndOfAPauseForOverload() {
        strain.read(FULL, FULL, 0);
        strain.dropped();
        strain.read(FULL, FULL - 1, PATIENCE - 1);
        strain.read(FULL, FULL, PATIENCE);
        strain.read(FULL, FULL, 3 * PATIENCE);
        assertThat(strain.sheds()).isFalse();
    }

    @Test
    void learnsNothingFromALittleSpaceFilled() {
        strain.read(Strain.TELLING_BYTES - 1, Strain.TELLING_BYTES - 1, 0);
        assertThat(strain.isBehind()).isFalse();
        strain.read(Strain.TELLING_BYTES, Strain.TELLING_BYTES, 0);
        assertThat(strain.isBehind()).isTrue();
    }

    @Test
    void makesSpansAgainWheneverItHasCaughtUp() {
        overload();
        strain.read(FULL, 100, PATIENCE + 1);
        assertThat(strain.sheds()).isFalse();

        strain.read(FULL, FULL, PATIENCE + 2);
        assertThat(strain.sheds()).isTrue();
        strain.caughtUp(PATIENCE + 3);
        assertThat(strain.sheds()).isFalse();
    }

    @Test
    void isPatientAgainAfterACalm() {
        overload();
        strain.caughtUp(PATIENCE + CALM - 1);
        strain.read(FULL, FULL, PATIENCE + CALM - 1);
        assertThat(strain.sheds()).isTrue();

        strain.caughtUp(PATIENCE + 2 * CALM - 1);
        strain.read(FULL, FULL, PATIENCE + 2 * CALM);
        assertThat(strain.sheds()).isFalse();
    }

    private void overload() {
        strain.read(FULL, FULL, 0);
        strain.dropped();
        strain.read(FULL, FULL, PATIENCE);
        assertThat(strain.sheds()).isTrue();
    }
}
