// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class OverloadDetectorTest {
    private static final int FULL = 64 << 10;
    private static final long PATIENCE = OverloadDetector.PATIENCE.toNanos();
    private static final long STEP = OverloadDetector.PUT_ASIDE.toNanos() - 1;
    private static final long CALM = OverloadDetector.CALM.toNanos();

    private final OverloadDetector overload = new OverloadDetector();

    @Test
    void shedsWhenARecorderDropsAndTheEngineHasBeenBehindForItsPatience() {
        readsBehind(0, PATIENCE - 1);
        assertThat(overload.shouldShed()).isFalse();

        overload.noteRead(FULL, FULL, PATIENCE);
        assertThat(overload.shouldShed()).isTrue();
    }

    @Test
    void shedsNothingWhileTheRecorderDropsNothing() {
        for (long now = 0; now <= 10 * PATIENCE; now += STEP) {
            overload.noteRead(FULL, FULL, now);
        }
        assertThat(overload.shouldShed()).isFalse();
    }

    @Test
    void doesNotTakeAStopForOverload() {
        overload.noteRead(FULL, FULL, 0);
        overload.noteRead(FULL, FULL, 10 * PATIENCE);
        overload.dropped();
        overload.noteRead(FULL, FULL, 10 * PATIENCE + STEP);
        assertThat(overload.shouldShed()).isFalse();

        readsBehind(10 * PATIENCE + STEP, 11 * PATIENCE);
        assertThat(overload.shouldShed()).isTrue();
    }

    @Test
    void doesNotTakeTheEndOfAPauseForOverload() {
        overload.noteRead(FULL, FULL, 0);
        overload.dropped();
        overload.noteRead(FULL, FULL - 1, PATIENCE - 1);
        overload.noteRead(FULL, FULL, PATIENCE);
        overload.noteRead(FULL, FULL, 3 * PATIENCE);
        assertThat(overload.shouldShed()).isFalse();
    }

    @Test
    void learnsNothingFromALittleSpaceFilled() {
        overload.noteRead(OverloadDetector.TELLING_BYTES - 1, OverloadDetector.TELLING_BYTES - 1, 0);
        assertThat(overload.isBehind()).isFalse();
        overload.noteRead(OverloadDetector.TELLING_BYTES, OverloadDetector.TELLING_BYTES, 0);
        assertThat(overload.isBehind()).isTrue();
    }

    @Test
    void makesSpansAgainWheneverItHasCaughtUp() {
        overload();
        overload.noteRead(FULL, 100, PATIENCE + 1);
        assertThat(overload.shouldShed()).isFalse();

        overload.noteRead(FULL, FULL, PATIENCE + 2);
        assertThat(overload.shouldShed()).isTrue();
        overload.caughtUp(PATIENCE + 3);
        assertThat(overload.shouldShed()).isFalse();
    }

    @Test
    void isPatientAgainAfterACalm() {
        overload();
        overload.caughtUp(PATIENCE + CALM - 1);
        overload.noteRead(FULL, FULL, PATIENCE + CALM - 1);
        assertThat(overload.shouldShed()).isTrue();

        overload.caughtUp(PATIENCE + 2 * CALM - 1);
        overload.noteRead(FULL, FULL, PATIENCE + 2 * CALM);
        assertThat(overload.shouldShed()).isFalse();
    }

    private void overload() {
        readsBehind(0, PATIENCE);
        assertThat(overload.shouldShed()).isTrue();
    }

    private void readsBehind(long from, long to) {
        readBehind(overload, from, to);
    }

    /** Of an engine that sheds. */
    static OverloadDetector strained() {
        OverloadDetector overload = new OverloadDetector();
        readBehind(overload, 0, PATIENCE);
        return overload;
    }

    /** Without a pause, by an engine whose recorder drops. */
    private static void readBehind(OverloadDetector overload, long from, long to) {
        for (long now = from; now < to; now += STEP) {
            overload.noteRead(FULL, FULL, now);
            overload.dropped();
        }
        overload.noteRead(FULL, FULL, to);
    }
}
