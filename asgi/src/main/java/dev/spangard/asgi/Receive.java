// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.concurrent.CompletionStage;

/** Gives an application the events of its scope, one by one. Made by the server. */
@FunctionalInterface
public interface Receive {
    /**
     * Asks for the next event.
     *
     * <p>An application calls it again only when the stage before is complete, from any thread; it is independent of
     * {@link Send}. After the last {@link HttpReceiveEvent.Request} its stage completes when the client is gone.
     *
     * @return a stage that completes when there is an event; exceptionally when there will not be one any more
     */
    CompletionStage<ReceiveEvent> receive();
}
