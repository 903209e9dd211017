// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.nio.ByteBuffer;

/** What the application of a {@link WebSocketScope} receives. */
public sealed interface WebSocketReceiveEvent extends ReceiveEvent {
    /** The client asks to connect: to be answered by an accept, a close or a denial (WebSocket, Connect). */
    record Connect() implements WebSocketReceiveEvent {
        @Override
        public String type() {
            return "websocket.connect";
        }
    }

    /** {@code websocket.receive} of a text message, whole (WebSocket, Receive). */
    record Text(String text) implements WebSocketReceiveEvent {
        @Override
        public String type() {
            return "websocket.receive";
        }
    }

    /**
     * {@code websocket.receive} of a binary message, whole (WebSocket, Receive).
     *
     * @param bytes the receiver's, which may move its position; read-only
     */
    record Binary(ByteBuffer bytes) implements WebSocketReceiveEvent {
        @Override
        public String type() {
            return "websocket.receive";
        }
    }

    /**
     * The connection is gone, whoever closed it (WebSocket, Disconnect).
     *
     * @param code as RFC 6455, 7.4 has them; {@link #NO_CODE} if the client gave none
     * @param reason empty if there is none; since 2.5
     */
    record Disconnect(int code, String reason) implements WebSocketReceiveEvent {
        /** The code that stands for none (RFC 6455, section 7.1.5). */
        public static final int NO_CODE = 1005;

        @Override
        public String type() {
            return "websocket.disconnect";
        }
    }
}
