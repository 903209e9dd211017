// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.FrameAssembler;

/**
 * What one connection may do, and what all of them may hold together.
 *
 * @param framesPerSecond whoever sends more is read no faster: what it cannot write, a recorder drops and counts itself.
 *     A recorder of a process that serves 10,000 requests a second sends some 100
 * @param largeFrameBytes held by all connections for frames beyond the usual {@value FrameAssembler#USUAL_BYTES} bytes;
 *     who would need more is cut off in the middle of its frame, which a recorder sends again
 * @param openBytes remembered of all requests that are still running, estimated; beyond it a recorder's oldest is
 *     forgotten
 *
 * <p>Other users' connections have a quarter of each memory, for themselves: none of it is the others'.
 */
public record PeerLimits(int framesPerSecond, long largeFrameBytes, long openBytes) {
    /** The limits of which nobody says otherwise. */
    public static final PeerLimits DEFAULTS = new PeerLimits(10_000, 16 << 20, 16 << 20);

    /**
     * Checks the limits.
     *
     * @throws IllegalArgumentException if one is negative, or no frame is allowed
     */
    public PeerLimits {
        if (framesPerSecond < 1 || largeFrameBytes < 0 || openBytes < 0) {
            throw new IllegalArgumentException("limits of a connection must not be negative: framesPerSecond "
                    + framesPerSecond + ", largeFrameBytes " + largeFrameBytes + ", openBytes " + openBytes);
        }
    }
}
