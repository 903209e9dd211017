// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.nio.charset.StandardCharsets;

/**
 * Takes percent-encoding back (RFC 3986, section 2.1). Bytes that are not UTF-8 become U+FFFD, and an escape that is
 * none stays as it is: what clients send is shown or compared, never refused.
 *
 * <p>The settings' {@code Percent} does the same to variables. The two have no module in common that this could lie in:
 * telemetry is built without settings, settings without telemetry, and thirty lines are no reason for another. The
 * JDK's {@link java.net.URLDecoder} throws for an escape that is none.
 */
final class PercentEncoding {
    private PercentEncoding() {}

    /** Returns {@code text} decoded, in which a {@code +} is a plus. */
    static String decoded(String text) {
        return text.indexOf('%') < 0 ? text : decoded(text, (byte) '+');
    }

    /**
     * Returns {@code text} decoded as of a form, in which a {@code +} is a space (WHATWG URL,
     * application/x-www-form-urlencoded).
     */
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
