// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what happened at the engine's socket, whoever it came from. Peers' threads count; any thread may read. All
 * counts begin with the engine.
 */
public final class IntakeCounters {
    final LongAdder accepted = new LongAdder();
    final LongAdder throttled = new LongAdder();
    final LongAdder vanished = new LongAdder();
    final LongAdder malformedRecords = new LongAdder();
    /** How many of the malformed records are no fault of the recorder's. */
    final LongAdder failedRecords = new LongAdder();

    final LongAdder lostEventParts = new LongAdder();

    private final Map<RejectReason, LongAdder> turned = new EnumMap<>(RejectReason.class);

    IntakeCounters() {
        for (RejectReason why : RejectReason.values()) {
            turned.put(why, new LongAdder());
        }
    }

    /** Returns how many connections became recorders. */
    public long accepted() {
        return accepted.sum();
    }

    private LongAdder adder(RejectReason why) {
        return Objects.requireNonNull(turned.get(why));
    }

    void turn(RejectReason why) {
        adder(why).increment();
    }

    /** Returns how many connections the intake ended for this reason. */
    public long turned(RejectReason why) {
        return adder(why).sum();
    }

    /** Returns how many connections sent more frames than allowed, and were read no faster. */
    public long throttled() {
        return throttled.sum();
    }

    /** Returns how many recorders left without saying goodbye. */
    public long vanished() {
        return vanished.sum();
    }

    /** Returns how many records were left out of a batch that was otherwise read. */
    public long malformedRecords() {
        return malformedRecords.sum();
    }

    /**
     * Returns how many parts of long requests a recorder sent that were not there, or not kept, when the request ended.
     */
    public long lostEventParts() {
        return lostEventParts.sum();
    }
}
