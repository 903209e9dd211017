// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/** Counts the size of text on the wire. */
final class Utf8 {
    private Utf8() {}

    /** Returns the bytes of {@code text} in UTF-8; half a character counts as the three bytes of its replacement. */
    static long length(String text) {
        long length = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                length += c < 0x800 ? 1 : 2;
                if (Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1))) {
                    i++; // 2 characters, 4 bytes
                }
            }
        }
        return length;
    }
}
