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
    /** Characters of a name, a port and what is between them; longer ones are parsed each time. */
    private static final int MAX_LENGTH = 253 + 6;

    private final @Nullable Entry[] entries = new @Nullable Entry[SLOTS];

    private record Entry(
            String host, boolean secure, @Nullable Address address) {}

    /** What the header names, or null if it is empty or not of the form {@code host[:port]}. */
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
        int port = portAt == host.length() ? defaultPort : port(host, portAt);
        return port < 0 ? null : new Address(host.substring(nameStart, nameEnd), port);
    }

    /** Spaces, control characters and what may not stand in a name are the mark of rubbish. */
    private static boolean isName(String host, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = host.charAt(i);
            if (c <= ' ' || c == 0x7f || "/?#@\\<>\"'`,;".indexOf(c) >= 0) {
                return false;
            }
        }
        return true;
    }

    private static int port(String host, int colon) {
        int digits = host.length() - colon - 1;
        if (host.charAt(colon) != ':' || digits < 1 || digits > 5) {
            return Address.NO_PORT;
        }
        int port = 0;
        for (int i = colon + 1; i < host.length(); i++) {
            int digit = host.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return Address.NO_PORT;
            }
            port = port * 10 + digit;
        }
        return port > Address.MAX_PORT ? Address.NO_PORT : port;
    }
}
