// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

/**
 * The peer's mistake: bytes that are not what docs/wire-protocol.md allows. Never a sign of a defect here.
 *
 * <p>Unchecked, so that decoding code reads straight; whoever reads from a peer catches it. It carries no stack trace:
 * it is made for hostile input, where it must stay cheap.
 */
public final class MalformedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int position;

    /**
     * Makes the exception of a mistake.
     *
     * @param what what is wrong, with the value and the limit
     * @param position offset in the frame's payload at which it was noticed
     */
    public MalformedException(String what, int position) {
        super(what + " at byte " + position, null, false, false);
        this.position = position;
    }

    /** Returns the offset in the frame's payload at which the mistake was noticed. */
    public int position() {
        return position;
    }
}
