// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/** What the application of a {@link LifespanScope} receives. */
public sealed interface LifespanReceiveEvent extends ReceiveEvent {
    /** The server is ready to accept connections, and waits for the application to be (Lifespan, Startup). */
    record Startup() implements LifespanReceiveEvent {
        @Override
        public String type() {
            return "lifespan.startup";
        }
    }

    /** The server has closed all connections (Lifespan, Shutdown). */
    record Shutdown() implements LifespanReceiveEvent {
        @Override
        public String type() {
            return "lifespan.shutdown";
        }
    }
}
