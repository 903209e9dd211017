// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.concurrent.CompletionStage;

/**
 * What serves requests: called once for each scope, which is an HTTP request, a WebSocket connection or the lifespan of
 * the server (ASGI, Applications).
 *
 * <p><b>Threads.</b> A server calls it on the thread that reads the connection, often an event loop: it must not block.
 * {@link #blocking} makes one of code that does, on a virtual thread for each call. Any number of calls may be under way
 * at once. An application may use {@code receive} and {@code send} from any thread, until the stage it returned is
 * complete.
 *
 * <p><b>Failure.</b> An exception thrown, or with which the stage completes, tells the server that the application has
 * failed: it answers 500 if no response has started, and else ends the connection. A lifespan scope that is answered with
 * an exception means that the application takes no part in it (Lifespan, Scope).
 *
 * <p><b>Cancelling.</b> A server that can wait no longer cancels the stage's {@code toCompletableFuture()}, as far as the
 * application supports it.
 */
@FunctionalInterface
public interface AsgiApplication {
    /**
     * Serves one scope.
     *
     * @param receive the events from the client, or of the server's lifespan
     * @param send takes the application's events
     * @return complete when the application is done with the scope, and everything it sent was taken
     */
    CompletionStage<Void> call(Scope scope, Receive receive, Send send);

    /**
     * An application that may block: each call runs on a virtual thread of its own. Cancelling its stage interrupts that
     * thread.
     */
    static BlockingApplication blocking(BlockingApplication.Handler handler) {
        return new BlockingApplication(handler);
    }
}
