// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP request (HTTP, Connection Scope).
 *
 * @param method in upper case, as a rule
 */
public record HttpScope(
        AsgiVersion asgi,
        String method,
        String httpVersion,
        String scheme,
        String path,
        @Nullable ByteString rawPath,
        ByteString queryString,
        String rootPath,
        Headers headers,
        @Nullable Endpoint client,
        @Nullable Endpoint server,
        @Nullable Map<String, Object> state,
        Map<String, Object> extensions)
        implements ConnectionScope {

    /**
     * Checks the method and the scheme, and copies the extensions.
     *
     * @throws IllegalArgumentException if method or scheme are empty
     */
    public HttpScope {
        if (method.isEmpty() || scheme.isEmpty()) {
            throw new IllegalArgumentException("method and scheme must not be empty");
        }
        extensions = Map.copyOf(extensions);
    }

    /** Returns a builder of a request with everything else as the specification has it by default. */
    public static Builder builder(String method, String path) {
        return new Builder(method, path);
    }

    /** Returns a builder that has all parts of this request already. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    @Override
    public String type() {
        return "http";
    }

    /** Returns method and path only: the rest may hold secrets. */
    @Override
    public String toString() {
        return "HttpScope[" + method + ' ' + path + ']';
    }

    /** Collects the parts of a request. Not thread-safe. */
    public static final class Builder extends ConnectionScope.Builder<Builder> {
        private String method;

        private Builder(String method, String path) {
            super("http", path);
            this.method = method;
        }

        private Builder(HttpScope scope) {
            super(scope);
            this.method = scope.method;
        }

        /** Sets the method. */
        public Builder method(String method) {
            this.method = method;
            return this;
        }

        /**
         * Returns the request.
         *
         * @throws IllegalArgumentException if method or scheme are empty
         */
        public HttpScope build() {
            return new HttpScope(
                    asgi,
                    method,
                    httpVersion,
                    scheme,
                    path,
                    rawPath,
                    queryString,
                    rootPath,
                    headers,
                    client,
                    server,
                    state,
                    extensions);
        }

        @Override
        Builder self() {
            return this;
        }
    }
}
