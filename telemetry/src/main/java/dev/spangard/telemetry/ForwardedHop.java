// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * What one proxy says of the request it passed on.
 *
 * @param client whom it got the request from; null if it does not say, or nothing that can be read
 * @param scheme what that one asked for
 * @param host likewise
 */
record ForwardedHop(
        @Nullable Address client,
        @Nullable String scheme,
        @Nullable String host) {

    /**
     * Reads a node (RFC 7239, section 6): {@code 192.0.2.7}, {@code 192.0.2.7:80}, {@code [2001:db8::1]:80}. Null for
     * {@code unknown}, a pseudonym, or rubbish; a port that is none is left out.
     */
    static @Nullable Address node(String text) {
        boolean bracketed = text.startsWith("[");
        boolean bareV6 = !bracketed && text.indexOf(':') != text.lastIndexOf(':');
        int end = bracketed ? text.indexOf(']') : bareV6 ? -1 : text.indexOf(':');
        String host = end < 0 ? text : text.substring(bracketed ? 1 : 0, end);
        int colon = bracketed ? end + 1 : end;
        int port = end < 0 || colon >= text.length() ? Address.NO_PORT : Address.port(text, colon + 1);
        return TrustedProxies.isLiteral(host) ? new Address(host, port) : null;
    }
}
