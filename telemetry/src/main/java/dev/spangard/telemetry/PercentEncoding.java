// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.nio.charset.StandardCharsets;

/**
 * Percent-encoding (RFC 3986, 2.1) taken back. Bytes that are not UTF-8 become U+FFFD, and an escape that is none stays as
 * it is: what clients send is shown or compared, never refused.
 */
final class PercentEncoding {
    private PercentEncoding() {}

    /** {@code text} decoded; a {@code +} is a plus. */
    static String decoded(String text) {
        return text.indexOf('%') < 0 ? text : decoded(text, (byte) '+');
    }

    /** {@code text} decoded as of a form (WHATWG URL, application/x-www-form-urlencoded): a {@code +} is a space. */
    static String decodedForm(String text) {
        return text.indexOf('%') < 0 && text.indexOf('+') < 0 ? text : decoded(text, (byte) ' ');
    }

    private static String decoded(String text, byte plus) {
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        byte[] out = new byte[raw.length];
        int length = 0;
        for (int i = 0; i < raw.length; i++) {
            int high = raw[i] == '%' && i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(raw[i + 2], 16);
            if (low < 0) {
                out[length++] = raw[i] == '+' ? plus : raw[i];
            } else {
                out[length++] = (byte) (high << 4 | low);
                i += 2;
            }
        }
        return new String(out, 0, length, StandardCharsets.UTF_8);
    }
}
