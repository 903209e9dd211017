// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.nio.ByteBuffer;

/** What the application of an {@link HttpScope} receives. */
public sealed interface HttpReceiveEvent extends ReceiveEvent {
    /**
     * The request's body, or a part of it; chunked encoding is already undone (HTTP, Request).
     *
     * @param body the receiver's, which may move its position; read-only
     * @param moreBody whether there is more to come
     */
    record Request(ByteBuffer body, boolean moreBody) implements HttpReceiveEvent {
        /** Makes the event of a request without a body. */
        public Request() {
            this(ByteBuffer.allocate(0), false);
        }

        @Override
        public String type() {
            return "http.request";
        }
    }

    /** {@code http.disconnect}: the client is gone, or the response is complete (HTTP, Disconnect). */
    record Disconnect() implements HttpReceiveEvent {
        @Override
        public String type() {
            return "http.disconnect";
        }
    }
}
