// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** What the application of a {@link WebSocketScope} sends. */
public sealed interface WebSocketSendEvent extends SendEvent {
    /**
     * Accepts the connection (WebSocket, Accept).
     *
     * @param subprotocol one of those the client offered, or null
     * @param headers of the handshake's answer, names in lower case, without {@code sec-websocket-protocol}; since 2.1
     */
    record Accept(@Nullable String subprotocol, Headers headers) implements WebSocketSendEvent {
        private static final ByteString SUBPROTOCOL = ByteString.of("sec-websocket-protocol");

        /**
         * Checks the headers.
         *
         * @throws IllegalArgumentException if a header may not be sent, or is the one of the subprotocol
         */
        public Accept {
            headers.checkSendable();
            if (headers.indexOf(SUBPROTOCOL, 0) >= 0) {
                throw new IllegalArgumentException("sec-websocket-protocol is the subprotocol's to say");
            }
        }

        /** Accepts the connection without a subprotocol and without headers. */
        public Accept() {
            this(null, Headers.EMPTY);
        }

        @Override
        public String type() {
            return "websocket.accept";
        }
    }

    /** {@code websocket.send} of a text message (WebSocket, Send). */
    record Text(String text) implements WebSocketSendEvent {
        @Override
        public String type() {
            return "websocket.send";
        }
    }

    /**
     * {@code websocket.send} of a binary message (WebSocket, Send).
     *
     * @param bytes the server's, once sent
     */
    record Binary(ByteBuffer bytes) implements WebSocketSendEvent {
        @Override
        public String type() {
            return "websocket.send";
        }
    }

    /**
     * Closes the connection; before it was accepted, the client gets a 403 (WebSocket, Close).
     *
     * @param code as RFC 6455, 7.4 has them
     * @param reason may be empty; since 2.3
     */
    record Close(int code, String reason) implements WebSocketSendEvent {
        /** The code of a close that has no special reason (RFC 6455, section 7.4.1). */
        public static final int NORMAL = 1000;

        /** Closes the connection with the code {@link #NORMAL} and no reason. */
        public Close() {
            this(NORMAL, "");
        }

        @Override
        public String type() {
            return "websocket.close";
        }
    }

    /**
     * Denies the connection with an HTTP response of the application's own (Extensions, WebSocket Denial Response).
     *
     * @param headers names in lower case; no pseudo headers
     */
    record DenialStart(int status, Headers headers) implements WebSocketSendEvent {
        /**
         * Checks the status and the headers.
         *
         * @throws IllegalArgumentException if the status is outside 200..599, or a header may not be sent
         */
        public DenialStart {
            if (status < 200 || status > 599) {
                throw new IllegalArgumentException("status " + status + " is outside 200..599");
            }
            headers.checkSendable();
        }

        @Override
        public String type() {
            return "websocket.http.response.start";
        }
    }

    /**
     * The denial's body, or a part of it.
     *
     * @param body the server's, once sent
     * @param moreBody whether there is more to come
     */
    record DenialBody(ByteBuffer body, boolean moreBody) implements WebSocketSendEvent {
        @Override
        public String type() {
            return "websocket.http.response.body";
        }
    }
}
