// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

/** Of texts in a record, in bytes (docs/wire-protocol.md, Records): the recorder cuts there, and so does the engine. */
final class Limits {
    static final int TEXT = 8 << 10;
    static final int STACKTRACE = 16 << 10;

    private Limits() {}
}
