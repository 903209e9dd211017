// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The elements of {@code Forwarded} (RFC 7239, section 4) from right to left: what a proxy appends does not depend on what
 * stands there already, were it half of a quoted string. A value may have, unquoted, what only a quoted one should: colons
 * and brackets, as many proxies write it. An element that is not well-formed says nothing, and nothing left of it is read.
 *
 * <p>One use, one thread.
 */
final class ForwardedElements {
    private final String text;
    /** The index behind the last character that has not been read. */
    private int end;

    private ForwardedElements(String text) {
        this.text = text;
        this.end = text.length();
    }

    /**
     * Reads the elements, the nearest first.
     *
     * @param lines of the header, in their order
     * @param most so many at most
     */
    static List<ForwardedHop> read(List<String> lines, int most) {
        var elements = new ForwardedElements(String.join(",", lines));
        List<ForwardedHop> hops = new ArrayList<>();
        while (hops.size() < most && elements.hasNext()) {
            ForwardedHop hop = elements.next();
            if (hop == null) {
                hops.add(new ForwardedHop(null, null, null));
                break;
            }
            hops.add(hop);
        }
        return hops;
    }

    /** Steps over what is between elements, empty ones included. */
    private boolean hasNext() {
        while (end > 0 && (isBlank() || last() == ',')) {
            end--;
        }
        return end > 0;
    }

    /** Reads the element that comes next from the right; null if it is not well-formed. */
    private @Nullable ForwardedHop next() {
        Address client = null;
        String scheme = null;
        String host = null;
        do {
            skipBlanks();
            if (end == 0 || last() == ',' || last() == ';') {
                continue; // an empty pair
            }
            String value = last() == '"' ? quoted() : token(true);
            if (value == null || end == 0 || last() != '=') {
                return null;
            }
            end--;
            String name = token(false);
            switch (name.toLowerCase(Locale.ROOT)) {
                case "" -> {
                    return null;
                }
                case "for" -> client = ForwardedHop.node(value);
                case "proto" -> scheme = value;
                case "host" -> host = value;
                default -> {
                    // "by" and extensions
                }
            }
            skipBlanks();
        } while (goesOn());
        return end == 0 || last() == ',' ? new ForwardedHop(client, scheme, host) : null;
    }

    private boolean goesOn() {
        boolean another = end > 0 && last() == ';';
        end -= another ? 1 : 0;
        return another;
    }

    /** Reads a quoted string up to its opening quote; null if that is missing. */
    private @Nullable String quoted() {
        int close = end - 1;
        for (int open = text.lastIndexOf('"', close - 1); open >= 0; open = text.lastIndexOf('"', open - 1)) {
            if (!isEscaped(open)) {
                end = open;
                return unescaped(text.substring(open + 1, close));
            }
        }
        return null;
    }

    private boolean isEscaped(int at) {
        int backslashes = 0;
        while (at - backslashes > 0 && text.charAt(at - backslashes - 1) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 1;
    }

    private static String unescaped(String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        var plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\' && i + 1 < text.length()) {
                i++;
            }
            plain.append(text.charAt(i));
        }
        return plain.toString();
    }

    /** Reads a token, which may be empty. */
    private String token(boolean isValue) {
        int close = end;
        while (end > 0 && isPart(last(), isValue)) {
            end--;
        }
        return text.substring(end, close);
    }

    private static boolean isPart(char c, boolean isValue) {
        return switch (c) {
            case '=', ';', ',', '"', ' ', '\t' -> false;
            case ':', '[', ']' -> isValue;
            default -> c > ' ' && c < 0x7f;
        };
    }

    private void skipBlanks() {
        while (end > 0 && isBlank()) {
            end--;
        }
    }

    private boolean isBlank() {
        return last() == ' ' || last() == '\t';
    }

    private char last() {
        return text.charAt(end - 1);
    }
}
