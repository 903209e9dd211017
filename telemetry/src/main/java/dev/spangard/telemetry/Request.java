// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is known of a request, or of a WebSocket's handshake, before the application is called. Immutable. */
public final class Request {
    private final Kind kind;
    private final @Nullable String method;
    private final @Nullable String scheme;
    private final @Nullable String httpVersion;
    private final String path;
    private final String query;
    private final @Nullable Address server;
    private final @Nullable Address client;
    private final String host;
    private final String userAgent;
    private final List<String> capturedHeaders;
    private final long pid;

    /** The kinds of ASGI scope that are recorded. */
    public enum Kind {
        HTTP,
        WEBSOCKET
    }

    private Request(Builder from) {
        this.kind = from.kind;
        this.method = from.method;
        this.scheme = from.scheme;
        this.httpVersion = from.httpVersion;
        this.path = from.path;
        this.query = from.query;
        this.server = from.server;
        this.client = from.client;
        this.host = from.host;
        this.userAgent = from.userAgent;
        this.capturedHeaders = from.capturedHeaders;
        this.pid = from.pid;
    }

    /** Returns a builder of a request of which nothing but its kind is known. */
    public static Builder builder(Kind kind) {
        return new Builder(kind);
    }

    /** Returns a builder of a request that is like this one but for what is given anew. */
    Builder toBuilder() {
        Builder copy = new Builder(kind);
        copy.method = method;
        copy.scheme = scheme;
        copy.httpVersion = httpVersion;
        copy.path = path;
        copy.query = query;
        copy.server = server;
        copy.client = client;
        copy.host = host;
        copy.userAgent = userAgent;
        copy.capturedHeaders = capturedHeaders;
        copy.pid = pid;
        return copy;
    }

    /** Returns what kind of scope it is. */
    public Kind kind() {
        return kind;
    }

    /** Returns the method as sent; null if the scope had none, as a WebSocket's has. */
    public @Nullable String method() {
        return method;
    }

    /** Returns the scheme; null if the scope had none, which means {@code http} or {@code ws}. */
    public @Nullable String scheme() {
        return scheme;
    }

    /** Returns the version of HTTP, {@code 1.1} or {@code 2}; null if the scope had none. */
    public @Nullable String httpVersion() {
        return httpVersion;
    }

    /** Returns the path, decoded; empty if it is not known. */
    public String path() {
        return path;
    }

    /** Returns the query as sent, still encoded; empty if there is none. */
    public String query() {
        return query;
    }

    /**
     * Returns the address at which the server listens, for requests without a usable Host header; null if it is not
     * known.
     */
    public @Nullable Address server() {
        return server;
    }

    /**
     * Returns the other end of the server's socket, or the client that a trusted proxy named; null if it is not known.
     */
    public @Nullable Address client() {
        return client;
    }

    /** Returns the Host header; empty if there is none. */
    public String host() {
        return host;
    }

    /** Returns the User-Agent header; empty if there is none. */
    public String userAgent() {
        return userAgent;
    }

    /** Returns name, value, name, value …: those headers that were asked for, secrets already hidden. */
    public List<String> capturedHeaders() {
        return capturedHeaders;
    }

    /** Returns the process id of the worker; 0 if it is not known. */
    public long pid() {
        return pid;
    }

    @Override
    public String toString() {
        return kind + " " + method + ' ' + scheme + "://" + host + path;
    }

    /**
     * Takes the parts of a request by name, for seven of them are strings. A part that is not given is unknown, or empty.
     *
     * <p>Not thread-safe. Made, filled and built in one method, it costs no allocation once that is compiled.
     */
    public static final class Builder {
        private final Kind kind;
        private @Nullable String method;
        private @Nullable String scheme;
        private @Nullable String httpVersion;
        private String path = "";
        private String query = "";
        private @Nullable Address server;
        private @Nullable Address client;
        private String host = "";
        private String userAgent = "";
        private List<String> capturedHeaders = List.of();
        private long pid;

        private Builder(Kind kind) {
            this.kind = kind;
        }

        /** Sets the method as sent. */
        public Builder method(@Nullable String method) {
            this.method = method;
            return this;
        }

        /** Sets the scheme of the URL. */
        public Builder scheme(@Nullable String scheme) {
            this.scheme = scheme;
            return this;
        }

        /** Sets the version of HTTP, {@code 1.1} or {@code 2}. */
        public Builder httpVersion(@Nullable String httpVersion) {
            this.httpVersion = httpVersion;
            return this;
        }

        /** Sets the path, decoded. */
        public Builder path(String path) {
            this.path = path;
            return this;
        }

        /** Sets the query as sent, still encoded. */
        public Builder query(String query) {
            this.query = query;
            return this;
        }

        /** Sets the address at which the server listens. */
        public Builder server(@Nullable Address server) {
            this.server = server;
            return this;
        }

        /** Sets the other end of the server's socket. */
        public Builder client(@Nullable Address client) {
            this.client = client;
            return this;
        }

        /** Sets the Host header. */
        public Builder host(String host) {
            this.host = host;
            return this;
        }

        /** Sets the User-Agent header. */
        public Builder userAgent(String userAgent) {
            this.userAgent = userAgent;
            return this;
        }

        /**
         * Sets the captured headers: name, value, name, value …, secrets already hidden. The list is not copied, and
         * not to be changed.
         */
        public Builder capturedHeaders(List<String> headers) {
            this.capturedHeaders = headers;
            return this;
        }

        /** Sets the process id of the worker. */
        public Builder pid(long pid) {
            this.pid = pid;
            return this;
        }

        /** Returns the request. */
        public Request build() {
            return new Request(this);
        }
    }
}
