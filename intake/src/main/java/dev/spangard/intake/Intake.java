// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.IOException;

/** SKELETON */
public final class Intake implements AutoCloseable {
    private final IntakeCounters counters = new IntakeCounters();

    private Intake() {}

    /**
     * Listens.
     *
     * @param ledger of this socket; stays the caller's, who closes it after the intake
     * @param ids the generator of every tracer provider behind {@code services}
     */
    public static Intake open(IntakeOptions options, Ledger ledger, RecordedIds ids, Services services)
            throws IOException {
        if (options.maxPeers() < 0) {
            throw new IOException("not yet");
        }
        return new Intake();
    }

    /** Recorders connected now. */
    public int peers() {
        return 0;
    }

    /** {@link System#nanoTime} of the last frame, connection or disconnection. */
    public long lastActivityNanoTime() {
        return 0;
    }

    /** What happened at the socket. */
    public IntakeCounters counters() {
        return counters;
    }

    /** Stops accepting, reads what has already arrived (bounded), closes the peers. */
    @Override
    public void close() {}
}
