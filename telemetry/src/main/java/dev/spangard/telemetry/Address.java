// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/**
 * One end of a connection.
 *
 * @param host a name, an IP address (IPv6 without brackets) or the path of a Unix socket
 * @param port {@value #NO_PORT} if there is none, as for a Unix socket
 */
public record Address(String host, int port) {
    /** The port of an end that has none. */
    public static final int NO_PORT = -1;

    /** The largest port there is. */
    public static final int MAX_PORT = 65_535;

    /**
     * Checks the port.
     *
     * @throws IllegalArgumentException if the port is outside 0..{@value #MAX_PORT} and not {@value #NO_PORT}
     */
    public Address {
        if (port < NO_PORT || port > MAX_PORT) {
            throw new IllegalArgumentException("port " + port + " is outside 0.." + MAX_PORT);
        }
    }

    /**
     * Reads a port that ends a text, from this index on: one to five digits of ASCII (RFC 7239, section 6).
     *
     * @return {@link #NO_PORT} if it is none
     */
    static int port(String text, int from) {
        int digits = text.length() - from;
        if (digits < 1 || digits > 5) {
            return NO_PORT;
        }
        int port = 0;
        for (int i = from; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return NO_PORT;
            }
            port = port * 10 + digit;
        }
        return port > MAX_PORT ? NO_PORT : port;
    }
}
