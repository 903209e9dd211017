// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Takes the events of an application. Made by the server. */
@FunctionalInterface
public interface Send {
    /** A stage that is complete: what {@link #send} returns when it took the event at once. */
    CompletionStage<Void> SENT = CompletableFuture.completedStage(null);

    /**
     * Hands one event to the server, which then owns the buffers in it.
     *
     * <p>An application calls it again only when the stage before is complete, from any thread; it is independent of
     * {@link Receive}.
     *
     * @return a stage that completes when the server is ready for more, so that a slow client slows the application
     *     down; exceptionally with a {@link ClientDisconnectedException} when the client is gone (HTTP, Disconnected
     *     Client), and with an {@link IllegalStateException} when the event is not allowed now
     */
    CompletionStage<Void> send(SendEvent event);
}
