// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.Set;

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
        return sensitive.contains(key) || sensitive.contains(PercentEncoding.decodedForm(key));
    }
}
