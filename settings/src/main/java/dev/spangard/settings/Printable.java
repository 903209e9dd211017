// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

/** Text from clients and applications, made safe to show on a terminal or in a log. */
public final class Printable {
    private Printable() {}

    /**
     * Returns the text with control characters as {@code \xNN}: they come from clients and would steer the terminal.
     */
    public static String of(String text) {
        int i = 0;
        while (i < text.length() && !isControl(text.charAt(i))) {
            i++;
        }
        if (i == text.length()) {
            return text;
        }
        var escaped = new StringBuilder(text.length() + 16);
        for (i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isControl(c)) {
                escaped.append(String.format(c < 0x100 ? "\\x%02x" : "\\u%04x", (int) c));
            } else {
                escaped.append(c);
            }
        }
        return escaped.toString();
    }

    /**
     * Whether a character is of C0, DEL, C1, a line separator, or a mark of bidirectional text, which shows a line in
     * another order.
     */
    private static boolean isControl(char c) {
        return c < ' '
                || (c >= 0x7f && c < 0xa0)
                || c == 0x061c
                || c == 0x200e
                || c == 0x200f
                || (c >= 0x2028 && c <= 0x202e)
                || (c >= 0x2066 && c <= 0x2069);
    }
}
