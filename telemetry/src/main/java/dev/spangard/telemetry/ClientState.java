// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/**
 * Whether the client is still there. The other one of the two machines of a {@link Conversation}: its events are the
 * messages that say that the client is gone. It is independent of {@link AnswerState} but for the first column, as an
 * application may answer a client that has left, and learn of it later.
 *
 * <pre>
 *            LEAVE   CLOSE   LOSE
 * PRESENT    LEFT    CLOSED  LOST
 * LEFT       LEFT    LOST    LOST
 * CLOSED     CLOSED  CLOSED  LOST
 * LOST       LOST    LOST    LOST
 * </pre>
 *
 * <p>A client that leaves an HTTP response that has begun changes no state: whether it left too early depends on what it had
 * got by then, so {@link Conversation#leftNanos} has the time, and {@link Ending} judges.
 */
enum ClientState {
    /** Nobody said otherwise. */
    PRESENT,
    /** Gone before anything was answered. */
    LEFT,
    /** The client closed its WebSocket, with a code or without. */
    CLOSED,
    /** The WebSocket ended without the client's closing it, or under a client that had left. */
    LOST;

    enum Event {
        /** {@code http.disconnect} or {@code websocket.disconnect}, before anything was answered. */
        LEAVE,
        /** {@code websocket.disconnect} of a WebSocket that was answered. */
        CLOSE,
        /** As {@link #CLOSE}, with the code 1006 (RFC 6455, 7.4.1): the connection was lost. */
        LOSE
    }

    ClientState after(Event event) {
        return switch (event) {
            case LEAVE -> this == PRESENT ? LEFT : this;
            case CLOSE -> this == PRESENT ? CLOSED : this == LEFT ? LOST : this;
            case LOSE -> LOST;
        };
    }

    /** Whether it left before it was answered, or without closing its WebSocket. */
    boolean hasLeft() {
        return this == LEFT || this == LOST;
    }

    /** Whether the end of the WebSocket came from its side. */
    boolean hasEnded() {
        return this == CLOSED || this == LOST;
    }
}
