// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/**
 * How many characters an attribute's value may have.
 *
 * @param characters UTF-16 code units, as the OpenTelemetry SDK counts them
 */
record TextLimit(int characters) {
    private static final String GAP = "\n  …\n";

    /** Returns the beginning of a text, never ending in half a character. */
    String cut(String text) {
        if (text.length() <= characters) {
            return text;
        }
        int end =
                characters > 0 && Character.isHighSurrogate(text.charAt(characters - 1)) ? characters - 1 : characters;
        return text.substring(0, end);
    }

    /**
     * Returns a Python traceback of which a quarter is from its beginning and the rest from its end, which names the
     * error.
     */
    String cutTrace(String trace) {
        if (trace.length() <= characters || characters < 4 * GAP.length()) {
            return cut(trace);
        }
        String head = new TextLimit(characters / 4 - GAP.length()).cut(trace);
        int from = trace.length() - (characters - head.length() - GAP.length());
        if (Character.isLowSurrogate(trace.charAt(from))) {
            from++;
        }
        return head + GAP + trace.substring(from);
    }
}
