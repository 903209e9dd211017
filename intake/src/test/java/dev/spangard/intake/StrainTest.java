// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class StrainTest {
    private static final int FULL = 64 << 10;
    private static final long PATIENCE = Strain.PATIENCE.toNanos();
    private static final long STEP = Strain.PUT_ASIDE.toNanos() - 1;
    private static final long CALM = Strain.CALM.toNanos();

    private final Strain strain = new Strain();

    @Test
    void shedsWhenARecorderDropsAndTheEngineHasBeenBehindForItsPatience() {
        readsBehind(0, PATIENCE - 1);
        assertThat(strain.sheds()).isFalse();

        strain.read(FULL, FULL, PATIENCE);
        assertThat(strain.sheds()).isTrue();
    }

    @Test
    void shedsNothingWhileTheRecorderDropsNothing() {
        for (long now = 0; now <= 10 * PATIENCE; now += STEP) {
            strain.read(FULL, FULL, now);
        }
        assertThat(strain.sheds()).isFalse();
    }

    @Test
    void doesNotTakeAStopForOverload() {
        strain.read(FULL, FULL, 0);
        strain.read(FULL, FULL, 10 * PATIENCE);
        strain.dropped();
        strain.read(FULL, FULL, 10 * PATIENCE + STEP);
        assertThat(strain.sheds()).isFalse();

        readsBehind(10 * PATIENCE + STEP, 11 * PATIENCE);
        assertThat(strain.sheds()).isTrue();
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
        readsBehind(0, PATIENCE);
        assertThat(strain.sheds()).isTrue();
    }

    private void readsBehind(long from, long to) {
        readBehind(strain, from, to);
    }

    /** Of an engine that sheds. */
    static Strain strained() {
        Strain strain = new Strain();
        readBehind(strain, 0, PATIENCE);
        return strain;
    }

    /** Without a pause, by an engine whose recorder drops. */
    private static void readBehind(Strain strain, long from, long to) {
        for (long now = from; now < to; now += STEP) {
            strain.read(FULL, FULL, now);
            strain.dropped();
        }
        strain.read(FULL, FULL, to);
    }
}
