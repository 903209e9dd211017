// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket connection (WebSocket, Connection Scope).
 *
 * @param subprotocols that the client offers, the one it likes best first
 */
public record WebSocketScope(
        AsgiVersion asgi,
        String httpVersion,
        String scheme,
        String path,
        @Nullable ByteString rawPath,
        ByteString queryString,
        String rootPath,
        Headers headers,
        @Nullable Endpoint client,
        @Nullable Endpoint server,
        List<String> subprotocols,
        @Nullable Map<String, Object> state,
        Map<String, Object> extensions)
        implements ConnectionScope {

    /**
     * Checks the scheme, and copies the subprotocols and the extensions.
     *
     * @throws IllegalArgumentException if the scheme is empty
     */
    public WebSocketScope {
        if (scheme.isEmpty()) {
            throw new IllegalArgumentException("scheme must not be empty");
        }
        subprotocols = List.copyOf(subprotocols);
        extensions = Map.copyOf(extensions);
    }

    /** Returns a builder of a connection with everything else as the specification has it by default. */
    public static Builder builder(String path) {
        return new Builder(path);
    }

    /** Returns a builder that has all parts of this connection already. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    @Override
    public String type() {
        return "websocket";
    }

    /** Returns the path only: the rest may hold secrets. */
    @Override
    public String toString() {
        return "WebSocketScope[" + path + ']';
    }

    /** Collects the parts of a connection. Not thread-safe. */
    public static final class Builder extends ConnectionScope.Builder<Builder> {
        private List<String> subprotocols = List.of();

        private Builder(String path) {
            super("ws", path);
        }

        private Builder(WebSocketScope scope) {
            super(scope);
            this.subprotocols = scope.subprotocols;
        }

        /** Sets the subprotocols that the client offers, the one it likes best first. */
        public Builder subprotocols(List<String> subprotocols) {
            this.subprotocols = subprotocols;
            return this;
        }

        /**
         * Returns the connection.
         *
         * @throws IllegalArgumentException if the scheme is empty
         */
        public WebSocketScope build() {
            return new WebSocketScope(
                    asgi,
                    httpVersion,
                    scheme,
                    path,
                    rawPath,
                    queryString,
                    rootPath,
                    headers,
                    client,
                    server,
                    subprotocols,
                    state,
                    extensions);
        }

        @Override
        Builder self() {
            return this;
        }
    }
}
