// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Takes percent-encoding back (RFC 3986, section 2.1). Unlike a form's, it has no {@code +} for a space.
 *
 * <p>Telemetry's {@code PercentEncoding} does the same to what clients send. The two have no module in common that this
 * could lie in: settings are read without OpenTelemetry, telemetry without settings, and thirty lines are no reason for
 * another. The JDK's {@link java.net.URLDecoder} is for forms, and throws for an escape that is none.
 */
final class Percent {
    private Percent() {}

    /**
     * Decodes a value of a variable. What is not a well-formed escape stays as it is; bytes that are not UTF-8 become
     * replacement characters.
     */
    static String decode(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        byte[] from = text.getBytes(StandardCharsets.UTF_8);
        var to = new ByteArrayOutputStream(from.length);
        for (int i = 0; i < from.length; i++) {
            int high = from[i] == '%' && i + 2 < from.length ? Character.digit(from[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(from[i + 2], 16);
            if (low >= 0) {
                to.write(high << 4 | low);
                i += 2;
            } else {
                to.write(from[i]);
            }
        }
        return to.toString(StandardCharsets.UTF_8);
    }
}
