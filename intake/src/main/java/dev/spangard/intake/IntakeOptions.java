// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.Ledger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/**
 * Limits of the engine's socket.
 *
 * @param socket where to listen. {@link Ledger#open} made its directory
 * @param maxPeers connections at a time; further ones are refused
 * @param maxOpenPerPeer running requests remembered for one recorder; beyond it the oldest is forgotten
 * @param closeTimeout how long {@link Intake#close} reads what has already arrived
 * @param limits of connections
 * @param allowedUids users served beside the engine's own. They may hold half of the connections
 */
public record IntakeOptions(
        Path socket,
        int maxPeers,
        int maxOpenPerPeer,
        Duration closeTimeout,
        PeerLimits limits,
        Set<Integer> allowedUids) {
    /** How many connections there may be where nobody says otherwise. */
    public static final int DEFAULT_MAX_PEERS = 512;
    /** How many running requests are remembered for one recorder where nobody says otherwise. */
    public static final int DEFAULT_MAX_OPEN_PER_PEER = 10_000;
    /** How long closing reads what has arrived where nobody says otherwise. */
    public static final Duration DEFAULT_CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /**
     * Checks the limits and copies the users.
     *
     * @throws IllegalArgumentException if a limit is negative, or no connection is allowed
     */
    public IntakeOptions {
        allowedUids = Set.copyOf(allowedUids);
        if (maxPeers < 1 || maxOpenPerPeer < 0 || closeTimeout.isNegative()) {
            throw new IllegalArgumentException("limits of the intake must not be negative: maxPeers " + maxPeers
                    + ", maxOpenPerPeer " + maxOpenPerPeer
                    + ", closeTimeout " + closeTimeout);
        }
    }

    /** Returns the defaults at this socket. */
    public static IntakeOptions at(Path socket) {
        return at(socket, Set.of());
    }

    /**
     * Returns the defaults at this socket for an engine that serves these users too: fewer connections where this process
     * may not have the descriptors for them.
     */
    public static IntakeOptions at(Path socket, Set<Integer> allowedUids) {
        return new IntakeOptions(
                socket,
                DescriptorLimit.connections(DEFAULT_MAX_PEERS),
                DEFAULT_MAX_OPEN_PER_PEER,
                DEFAULT_CLOSE_TIMEOUT,
                PeerLimits.DEFAULTS,
                allowedUids);
    }
}
