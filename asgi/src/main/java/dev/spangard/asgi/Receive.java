// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.concurrent.CompletionStage;

/** Gives an application the events of its scope, one by one. Made by the server. */
@FunctionalInterface
public interface Receive {
    /**
     * The next event.
     *
     * <p>Called again only when the stage before is complete, from any thread; independent of {@link Send}. After the last
     * {@link HttpReceiveEvent.Request} its stage completes when the client is gone.
     *
     * @return complete when there is an event; exceptionally when there will not be one any more
     */
    CompletionStage<ReceiveEvent> receive();
}
