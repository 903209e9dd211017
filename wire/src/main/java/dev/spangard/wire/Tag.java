// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

/** Type bytes of marshal version 2, as far as docs/wire-protocol.md allows them. */
final class Tag {
    static final byte NONE = 'N';
    static final byte TRUE = 'T';
    static final byte FALSE = 'F';
    static final byte INT = 'i';
    static final byte LONG = 'l';
    static final byte FLOAT = 'g';
    static final byte BYTES = 's';
    static final byte STR = 'u';
    static final byte INTERNED_STR = 't';
    static final byte TUPLE = '(';
    static final byte LIST = '[';
    static final byte DICT = '{';
    static final byte DICT_END = '0';

    private Tag() {}
}
