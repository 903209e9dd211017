// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
/**
 * ASGI 3 as Java types: the scopes and events of the HTTP and WebSocket specification 2.5 and of the lifespan
 * specification 2.0, and the application that is called with them.
 */
module dev.spangard.asgi {
    requires static transitive org.jspecify;

    exports dev.spangard.asgi;
}
