// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** How bytes from a client, which have no declared encoding, become text. */
final class Text {
    private static final char REPLACEMENT = '\ufffd';

    private Text() {}

    /** Decodes UTF-8 where it is valid, else ISO 8859-1: every byte keeps its place and nothing throws. */
    static String decode(byte[] buffer, int from, int length) {
        String text = new String(buffer, from, length, StandardCharsets.UTF_8);
        if (text.indexOf(REPLACEMENT) >= 0 && !sentReplacement(buffer, from, length)) {
            return new String(buffer, from, length, StandardCharsets.ISO_8859_1);
        }
        return text;
    }

    /** Whether the replacement characters in the decoded text may be ones the client sent, as valid UTF-8. */
    private static boolean sentReplacement(byte[] buffer, int from, int length) {
        byte[] again = new String(buffer, from, length, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
        return Arrays.equals(again, 0, again.length, buffer, from, from + length);
    }
}
