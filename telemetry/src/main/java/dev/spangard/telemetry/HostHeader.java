// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * Reads Host headers: name and port, an IPv6 address out of its brackets, the scheme's port where none is written (RFC
 * 9110, 7.2). Remembers the last few, for a service has few names.
 *
 * <p>Thread-safe without locks: entries are immutable, and a race only reads a header again.
 */
final class HostHeader {
    private static final int SLOTS = 64;
    /**
     * The most characters of a header that is remembered: a name's, a port's and what is between them. Longer ones are
     * parsed each time.
     */
    private static final int MAX_LENGTH = 253 + 6;

    private final @Nullable Entry[] entries = new @Nullable Entry[SLOTS];

    private record Entry(
            String host, boolean secure, @Nullable Address address) {}

    /**
     * Returns what the header names, or null if it is empty or not of the form {@code host[:port]}.
     *
     * @param secure whether the scheme's port is 443, not 80
     */
    @Nullable
    Address address(String host, boolean secure) {
        if (host.isEmpty()) {
            return null;
        }
        int slot = (host.hashCode() * 31 + (secure ? 1 : 0)) & (SLOTS - 1);
        Entry entry = entries[slot];
        if (entry == null || entry.secure != secure || !entry.host.equals(host)) {
            entry = new Entry(host, secure, parse(host, secure ? 443 : 80));
            if (host.length() <= MAX_LENGTH) {
                entries[slot] = entry;
            }
        }
        return entry.address;
    }

    private static @Nullable Address parse(String host, int defaultPort) {
        int nameEnd;
        int nameStart = 0;
        int portAt;
        if (host.charAt(0) == '[') {
            nameStart = 1;
            nameEnd = host.indexOf(']');
            portAt = nameEnd + 1;
        } else {
            int colon = host.indexOf(':');
            nameEnd = colon < 0 ? host.length() : colon;
            portAt = nameEnd;
        }
        if (nameEnd <= nameStart || !isName(host, nameStart, nameEnd)) {
            return null;
        }
        if (portAt < host.length() && host.charAt(portAt) != ':') {
            return null;
        }
        int port = portAt == host.length() ? defaultPort : Address.port(host, portAt + 1);
        return port == Address.NO_PORT ? null : new Address(host.substring(nameStart, nameEnd), port);
    }

    /**
     * Whether a part of the header can be a name: spaces, control characters and what may not stand in one are the mark
     * of rubbish.
     */
    private static boolean isName(String host, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = host.charAt(i);
            if (c <= ' ' || c == 0x7f || "/?#@\\<>\"'`,;".indexOf(c) >= 0) {
                return false;
            }
        }
        return true;
    }
}
