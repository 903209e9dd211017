// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/**
 * One end of a connection: {@code [host, port]} of {@code scope["client"]} and {@code scope["server"]}.
 *
 * @param host an IP address (IPv6 without brackets), or the path of a Unix socket
 * @param port {@value #NO_PORT} for a Unix socket
 */
public record Endpoint(String host, int port) {
    /** The port of an end that has none. */
    public static final int NO_PORT = -1;

    /**
     * Checks the port.
     *
     * @throws IllegalArgumentException if the port is outside 0..65535 and not {@link #NO_PORT}
     */
    public Endpoint {
        if (port < NO_PORT || port > 65_535) {
            throw new IllegalArgumentException("port " + port + " is outside 0..65535");
        }
    }

    /** Returns the end that is a Unix socket at this path (HTTP, Connection Scope, since 2.2). */
    public static Endpoint unixSocket(String path) {
        return new Endpoint(path, NO_PORT);
    }
}
