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
    public static final int NO_PORT = -1;

    /** The largest port there is. */
    public static final int MAX_PORT = 65_535;

    public Address {
        if (port < NO_PORT || port > MAX_PORT) {
            throw new IllegalArgumentException("port " + port + " is outside 0.." + MAX_PORT);
        }
    }
}
