// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

/**
 * The limits of a record, in bytes (docs/wire-protocol.md, Records). Texts are cut there by the recorder, and so they
 * are by the engine.
 */
final class Limits {
    static final int TEXT = 8 << 10;
    /** What an application puts on spans of its own may be longer, if its variables say so. */
    static final int API_TEXT = 256 << 10;

    static final int STACKTRACE = 16 << 10;

    /** The most bytes of a record; one beyond it is malformed. What a recorder lets into one is a quarter of it. */
    static final int RECORD = 1 << 20;

    private Limits() {}
}
