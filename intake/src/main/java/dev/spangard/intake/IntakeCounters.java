// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** What happened at the engine's socket, whoever it came from. Any thread may read. */
public final class IntakeCounters {
    final LongAdder accepted = new LongAdder();
    final LongAdder throttled = new LongAdder();
    final LongAdder vanished = new LongAdder();
    final LongAdder malformedRecords = new LongAdder();
    /** Of the malformed: such that are no fault of the recorder's. */
    final LongAdder failedRecords = new LongAdder();

    final LongAdder lostEventParts = new LongAdder();

    private final Map<RejectReason, LongAdder> turned = new EnumMap<>(RejectReason.class);

    IntakeCounters() {
        for (RejectReason why : RejectReason.values()) {
            turned.put(why, new LongAdder());
        }
    }

    /** Connections that became recorders. */
    public long accepted() {
        return accepted.sum();
    }

    private LongAdder adder(RejectReason why) {
        return Objects.requireNonNull(turned.get(why));
    }

    void turn(RejectReason why) {
        adder(why).increment();
    }

    /** Connections that the intake ended, for this reason. */
    public long turned(RejectReason why) {
        return adder(why).sum();
    }

    /** Connections that sent more frames than allowed, and were read no faster. */
    public long throttled() {
        return throttled.sum();
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
    public long lostEventParts() {
        return lostEventParts.sum();
    }
}
