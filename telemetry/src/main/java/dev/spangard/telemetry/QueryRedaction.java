// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Hides values of sensitive parameters in a raw query and leaves every other character as it was sent.
 *
 * <p>Semantic conventions, {@code url.query}: the key is compared decoded, case-sensitive; the text after the first
 * {@code =} becomes {@code REDACTED}.
 */
final class QueryRedaction {
    private static final String REDACTED = "REDACTED";

    private final Set<String> sensitive;

    QueryRedaction(Set<String> sensitive) {
        this.sensitive = sensitive;
    }

    String apply(String query) {
        StringBuilder redacted = null;
        int copied = 0;
        for (int from = 0; from < query.length(); ) {
            int to = query.indexOf('&', from);
            if (to < 0) {
                to = query.length();
            }
            int equals = query.indexOf('=', from);
            if (equals >= 0 && equals < to && isSensitive(query, from, equals)) {
                if (redacted == null) {
                    redacted = new StringBuilder(query.length());
                }
                redacted.append(query, copied, equals + 1).append(REDACTED);
                copied = to;
            }
            from = to + 1;
        }
        return redacted == null
                ? query
                : redacted.append(query, copied, query.length()).toString();
    }

    private boolean isSensitive(String query, int from, int to) {
        String key = query.substring(from, to);
        return sensitive.contains(key) || sensitive.contains(decoded(key));
    }

    /** Percent-decoded, with {@code +} as a space; an escape that is none stays as it is. */
    private static @Nullable String decoded(String key) {
        if (key.indexOf('%') < 0 && key.indexOf('+') < 0) {
            return key;
        }
        byte[] raw = key.getBytes(StandardCharsets.UTF_8);
        byte[] out = new byte[raw.length];
        int length = 0;
        for (int i = 0; i < raw.length; i++) {
            int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
            int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
            if (raw[i] == '%' && high >= 0 && low >= 0) {
                out[length++] = (byte) (high << 4 | low);
                i += 2;
            } else {
                out[length++] = raw[i] == '+' ? (byte) ' ' : raw[i];
            }
        }
        return new String(out, 0, length, StandardCharsets.UTF_8);
    }
}
