// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.util.concurrent.atomic.LongAdder;

/** What happened at the engine's socket, whoever it came from. Any thread may read. */
public final class IntakeCounters {
    final LongAdder accepted = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder cutOff = new LongAdder();
    final LongAdder vanished = new LongAdder();
    final LongAdder malformedRecords = new LongAdder();
    final LongAdder lostSpills = new LongAdder();

    IntakeCounters() {}

    /** Connections that became recorders. */
    public long accepted() {
        return accepted.sum();
    }

    /** Connections turned away: another user, another version, too many, or by {@link Services}. */
    public long refused() {
        return refused.sum();
    }

    /** Connections ended because what they sent was not the protocol. */
    public long cutOff() {
        return cutOff.sum();
    }

    /** Recorders that left without saying goodbye. */
    public long vanished() {
        return vanished.sum();
    }

    /** Records left out of a batch that was otherwise read. */
    public long malformedRecords() {
        return malformedRecords.sum();
    }

    /** Parts of long requests that a recorder sent and that were not there, or not kept, when the request ended. */
    public long lostSpills() {
        return lostSpills.sum();
    }
}
