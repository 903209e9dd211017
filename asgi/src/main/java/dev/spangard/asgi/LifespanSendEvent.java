// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/** What the application of a {@link LifespanScope} sends. */
public sealed interface LifespanSendEvent extends SendEvent {
    /** The server may accept connections (Lifespan, Startup Complete). */
    record StartupComplete() implements LifespanSendEvent {
        @Override
        public String type() {
            return "lifespan.startup.complete";
        }
    }

    /**
     * The server shall end (Lifespan, Startup Failed).
     *
     * @param message for its log; may be empty
     */
    record StartupFailed(String message) implements LifespanSendEvent {
        @Override
        public String type() {
            return "lifespan.startup.failed";
        }
    }

    /** The server may end (Lifespan, Shutdown Complete). */
    record ShutdownComplete() implements LifespanSendEvent {
        @Override
        public String type() {
            return "lifespan.shutdown.complete";
        }
    }

    /**
     * The server may end; something is left behind (Lifespan, Shutdown Failed).
     *
     * @param message for its log; may be empty
     */
    record ShutdownFailed(String message) implements LifespanSendEvent {
        @Override
        public String type() {
            return "lifespan.shutdown.failed";
        }
    }
}
