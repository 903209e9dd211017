// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.time.Duration;

/**
 * Whether the engine has more to do for one recorder than it can, so that spans have to be left out for metrics to be
 * whole.
 *
 * <p>It is behind while each read fills the space there is, that is, while the socket holds more than that. This alone
 * means little: after a pause it catches up. A recorder that has to drop records while the engine has been behind for
 * {@link #PATIENCE} shows that it does not. From then on, until nothing has been behind for {@link #CALM}, records that
 * are read behind are measured only, and those that are not get their spans: as many as there is time for.
 *
 * <p>No locks, no clock of its own; used by the peer's thread only.
 */
final class OverloadDetector {
    /**
     * How long a recorder may drop records while the engine is behind. A new engine's compiler takes about as long to
     * make it fast: that is no overload.
     */
    static final Duration PATIENCE = Duration.ofSeconds(3);

    static final Duration CALM = Duration.ofSeconds(10);
    /**
     * How long nobody may have read. Whoever has not for longer was put aside (SIGSTOP, a frozen container), and has
     * not tried to keep up.
     */
    static final Duration PUT_ASIDE = Duration.ofMillis(500);

    /** The bytes of the least space that a read must fill to say something. */
    static final int TELLING_BYTES = 16 << 10;

    private boolean behind;
    private long behindSince;
    private long lastBehind;
    private boolean dropsBehind;
    private boolean strained;

    /** Notes a read of {@code bytes} into a space of {@code offered}, at {@link System#nanoTime} {@code now}. */
    void noteRead(int offered, int bytes, long now) {
        if (bytes < offered) {
            caughtUp(now);
        } else if (offered >= TELLING_BYTES) {
            if (!behind || now - lastBehind >= PUT_ASIDE.toNanos()) {
                behind = true;
                behindSince = now;
                dropsBehind = false;
            }
            lastBehind = now;
            strained |= dropsBehind && now - behindSince >= PATIENCE.toNanos();
        }
    }

    /** Notes that the socket was empty. */
    void caughtUp(long now) {
        behind = false;
        strained &= now - lastBehind < CALM.toNanos();
    }

    /** Notes that the recorder had to drop records. */
    void dropped() {
        dropsBehind = true;
    }

    /** Whether the last read left more in the socket. */
    boolean isBehind() {
        return behind;
    }

    /** Whether what was read last is to be measured only. */
    boolean shouldShed() {
        return strained && behind;
    }
}
