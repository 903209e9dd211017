// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * Where the answer to a request, or to a WebSocket's handshake, stands. One of the two machines of a {@link Conversation}:
 * its events are the messages that the application sends (ASGI specification, HTTP and WebSocket message format).
 *
 * <pre>
 *              START       ACCEPT  BODY        LAST_BODY  CLOSE    SERVER_ANSWER  SERVER_ABORT
 * WAITING      RESPONDING  OPEN    -           -          REFUSED  REFUSED        RESPONDING
 * RESPONDING   -           -       RESPONDING  SENT       REFUSED  -              -
 * OPEN         -           -       OPEN        CLOSED     CLOSED   -              -
 * SENT         -           -       -           -          SENT     -              -
 * REFUSED      -           -       -           -          REFUSED  -              -
 * CLOSED       -           -       -           -          CLOSED   -              -
 * </pre>
 *
 * <p>A dash is what ASGI does not allow: it changes nothing, and a body in its place is not counted. A server refuses a body
 * in {@code OPEN}, where it has no meaning; a recorder may say of a WebSocket of which it kept no message that its last one
 * was sent, so there it ends what is open. A second close changes nothing either, but may bring a code that the first one
 * did not have.
 */
enum AnswerState {
    /** Nothing is sent yet. */
    WAITING,
    /** The response has started, or the denial of a WebSocket, or a server's answer that it never gave. */
    RESPONDING,
    /** The WebSocket is accepted. */
    OPEN,
    /** The last part of the response's body was sent; the only state that has a time of completion. */
    SENT,
    /** The WebSocket was not accepted: closed by the application before, or answered by the server in its place. */
    REFUSED,
    /** The application closed the WebSocket it had accepted. */
    CLOSED;

    enum Event {
        /** {@code http.response.start}, {@code websocket.http.response.start}. */
        START,
        /** {@code websocket.accept}. */
        ACCEPT,
        /** {@code http.response.body} and what stands for it, with more to come. */
        BODY,
        /** As {@link #BODY}, and nothing more will come. */
        LAST_BODY,
        /** {@code websocket.close}. */
        CLOSE,
        /** The server answered a WebSocket's handshake itself, for the application did not. */
        SERVER_ANSWER,
        /** The server closed the connection instead. */
        SERVER_ABORT
    }

    /** The state after this event; null if the event is not allowed here. */
    @Nullable
    AnswerState after(Event event) {
        return switch (this) {
            case WAITING ->
                switch (event) {
                    case START, SERVER_ABORT -> RESPONDING;
                    case ACCEPT -> OPEN;
                    case CLOSE, SERVER_ANSWER -> REFUSED;
                    case BODY, LAST_BODY -> null;
                };
            case RESPONDING ->
                switch (event) {
                    case BODY -> RESPONDING;
                    case LAST_BODY -> SENT;
                    case CLOSE -> REFUSED;
                    case START, ACCEPT, SERVER_ANSWER, SERVER_ABORT -> null;
                };
            case OPEN ->
                switch (event) {
                    case BODY -> OPEN;
                    case LAST_BODY, CLOSE -> CLOSED;
                    case START, ACCEPT, SERVER_ANSWER, SERVER_ABORT -> null;
                };
            case SENT, REFUSED, CLOSED -> event == Event.CLOSE ? this : null;
        };
    }

    /** Whether something was answered, and more may come. */
    boolean isUnderWay() {
        return this == RESPONDING || this == OPEN;
    }

    /** Whether the application, or the server for it, has said all. */
    boolean isOver() {
        return this == SENT || this == REFUSED || this == CLOSED;
    }

    /** Whether the handshake became a WebSocket, open still or not. */
    boolean isAccepted() {
        return this == OPEN || this == CLOSED;
    }
}
