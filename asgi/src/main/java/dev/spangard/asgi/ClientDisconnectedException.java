// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.io.IOException;

/**
 * The client is gone: nothing that is sent reaches it any more (HTTP and WebSocket, Disconnected Client, since 2.4). An
 * application may clean up and let it pass; a server does not log it as an error of the application.
 */
public class ClientDisconnectedException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception with which a server completes the stage of {@code send}.
     *
     * @param message one English sentence
     */
    public ClientDisconnectedException(String message) {
        super(message);
    }
}
