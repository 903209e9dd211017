// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an HTTP request and a WebSocket have in common (HTTP and WebSocket, Connection Scope). */
public sealed interface ConnectionScope extends Scope permits HttpScope, WebSocketScope {
    /** Returns the version of HTTP: {@code 1.0}, {@code 1.1}, {@code 2} or {@code 3}. */
    String httpVersion();

    /** Returns the scheme of the URL: {@code http}, {@code https}, {@code ws} or {@code wss}; never empty. */
    String scheme();

    /** Returns the path of the URL, percent-decoded, without the query; {@link #rootPath} is part of it. */
    String path();

    /** Returns the path as it was received, without the query; null if the server cannot tell. */
    @Nullable
    ByteString rawPath();

    /** Returns what stands after the {@code ?}, percent-encoded; empty if there is nothing. */
    ByteString queryString();

    /** Returns the path at which this application is mounted; empty at the root. */
    String rootPath();

    /**
     * Returns the header lines as they were received. {@code :authority} is {@code host} here, other pseudo headers are
     * left out.
     */
    Headers headers();

    /** Returns the client's end of the connection; null if the server cannot tell. */
    @Nullable
    Endpoint client();

    /** Returns the address at which the server listens; null if it cannot tell. */
    @Nullable
    Endpoint server();

    /** Returns what the server has beyond the specification, by names as in {@link Extension}; immutable. */
    Map<String, Object> extensions();

    /**
     * Collects what the scopes of a request and of a WebSocket have in common. Not thread-safe.
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

        /** Sets the version of ASGI. The default is {@link AsgiVersion#WEB}. */
        public B asgi(AsgiVersion asgi) {
            this.asgi = asgi;
            return self();
        }

        /** Sets the version of HTTP. The default is {@code 1.1}. */
        public B httpVersion(String httpVersion) {
            this.httpVersion = httpVersion;
            return self();
        }

        /** Sets the scheme. The default is {@code http} or {@code ws}. */
        public B scheme(String scheme) {
            this.scheme = scheme;
            return self();
        }

        /** Sets the path, percent-decoded, without the query. */
        public B path(String path) {
            this.path = path;
            return self();
        }

        /** Sets the path as it was received, without the query. The default is null: it is not known. */
        public B rawPath(@Nullable ByteString rawPath) {
            this.rawPath = rawPath;
            return self();
        }

        /** Sets the query, percent-encoded, without the {@code ?}. The default is an empty one. */
        public B queryString(ByteString queryString) {
            this.queryString = queryString;
            return self();
        }

        /** Sets the path at which the application is mounted. The default is empty: at the root. */
        public B rootPath(String rootPath) {
            this.rootPath = rootPath;
            return self();
        }

        /** Sets the header lines. The default is {@link Headers#EMPTY}. */
        public B headers(Headers headers) {
            this.headers = headers;
            return self();
        }

        /** Sets the client's end of the connection. The default is null: it is not known. */
        public B client(@Nullable Endpoint client) {
            this.client = client;
            return self();
        }

        /** Sets the address at which the server listens. The default is null: it is not known. */
        public B server(@Nullable Endpoint server) {
            this.server = server;
            return self();
        }

        /** Sets the application's namespace, which is not copied. The default is null: the server has none. */
        public B state(@Nullable Map<String, Object> state) {
            this.state = state;
            return self();
        }

        /**
         * Sets what the server has beyond the specification; the map is copied by {@code build}. The default is an
         * empty one.
         */
        public B extensions(Map<String, Object> extensions) {
            this.extensions = extensions;
            return self();
        }
    }
}
