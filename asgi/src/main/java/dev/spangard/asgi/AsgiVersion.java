// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/**
 * {@code scope["asgi"]}: the version of ASGI that the server speaks (ASGI, Applications).
 *
 * @param version the version of ASGI itself
 * @param specVersion the version of the specification that the scope follows: of HTTP and WebSocket, or of Lifespan
 */
public record AsgiVersion(String version, String specVersion) {
    /** ASGI 3.0 with the newest HTTP and WebSocket specification that this package has. */
    public static final AsgiVersion WEB = new AsgiVersion("3.0", "2.5");

    /** ASGI 3.0 with the newest Lifespan specification. */
    public static final AsgiVersion LIFESPAN = new AsgiVersion("3.0", "2.0");
}
