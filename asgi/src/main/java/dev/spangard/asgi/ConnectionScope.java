// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an HTTP request and a WebSocket have in common (HTTP and WebSocket, Connection Scope). */
public sealed interface ConnectionScope extends Scope permits HttpScope, WebSocketScope {
    /** {@code 1.0}, {@code 1.1}, {@code 2} or {@code 3}. */
    String httpVersion();

    /** Of the URL: {@code http}, {@code https}, {@code ws} or {@code wss}; never empty. */
    String scheme();

    /** Without the query, percent-decoded; {@link #rootPath} is part of it. */
    String path();

    /** As it was received, without the query; null if the server cannot tell. */
    @Nullable
    ByteString rawPath();

    /** After the {@code ?}, percent-encoded; empty if there is none. */
    ByteString queryString();

    /** Where this application is mounted; empty at the root. */
    String rootPath();

    /** As they were received; {@code :authority} is {@code host}, other pseudo headers are left out. */
    Headers headers();

    /** Null if the server cannot tell. */
    @Nullable
    Endpoint client();

    /** Where the server listens; null if it cannot tell. */
    @Nullable
    Endpoint server();

    /** What the server has beyond the specification, by names as in {@link Extension}; immutable. */
    Map<String, Object> extensions();

    /**
     * Collects what the scopes have in common. Not thread-safe.
     *
     * @param <B> the builder's own type
     */
    abstract sealed class Builder<B extends Builder<B>> permits HttpScope.Builder, WebSocketScope.Builder {
        AsgiVersion asgi = AsgiVersion.WEB;
        String httpVersion = "1.1";
        String scheme;
        String path;

        @Nullable
        ByteString rawPath;

        ByteString queryString = ByteString.EMPTY;
        String rootPath = "";
        Headers headers = Headers.EMPTY;

        @Nullable
        Endpoint client;

        @Nullable
        Endpoint server;

        @Nullable
        Map<String, Object> state;

        Map<String, Object> extensions = Map.of();

        Builder(String scheme, String path) {
            this.scheme = scheme;
            this.path = path;
        }

        Builder(ConnectionScope scope) {
            asgi = scope.asgi();
            httpVersion = scope.httpVersion();
            scheme = scope.scheme();
            path = scope.path();
            rawPath = scope.rawPath();
            queryString = scope.queryString();
            rootPath = scope.rootPath();
            headers = scope.headers();
            client = scope.client();
            server = scope.server();
            state = scope.state();
            extensions = scope.extensions();
        }

        abstract B self();

        /** Default: {@link AsgiVersion#WEB}. */
        public B asgi(AsgiVersion asgi) {
            this.asgi = asgi;
            return self();
        }

        /** Default: {@code 1.1}. */
        public B httpVersion(String httpVersion) {
            this.httpVersion = httpVersion;
            return self();
        }

        /** Default: {@code http} or {@code ws}. */
        public B scheme(String scheme) {
            this.scheme = scheme;
            return self();
        }

        /** Percent-decoded, without the query. */
        public B path(String path) {
            this.path = path;
            return self();
        }

        public B rawPath(@Nullable ByteString rawPath) {
            this.rawPath = rawPath;
            return self();
        }

        /** Percent-encoded, without the {@code ?}. */
        public B queryString(ByteString queryString) {
            this.queryString = queryString;
            return self();
        }

        public B rootPath(String rootPath) {
            this.rootPath = rootPath;
            return self();
        }

        public B headers(Headers headers) {
            this.headers = headers;
            return self();
        }

        public B client(@Nullable Endpoint client) {
            this.client = client;
            return self();
        }

        public B server(@Nullable Endpoint server) {
            this.server = server;
            return self();
        }

        /** The application's namespace; not copied. */
        public B state(@Nullable Map<String, Object> state) {
            this.state = state;
            return self();
        }

        public B extensions(Map<String, Object> extensions) {
            this.extensions = extensions;
            return self();
        }
    }
}
