// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ByteString;
import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.Endpoint;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpScope;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads from a scope what telemetry records of its request. Thread-safe. */
final class ScopeReader {
    private static final ByteString HOST = ByteString.of("host");
    private static final ByteString USER_AGENT = ByteString.of("user-agent");

    private final @Nullable HeaderCapture requestCapture;
    private final @Nullable HeaderCapture responseCapture;
    private final TextCache texts = new TextCache();

    ScopeReader(@Nullable HeaderCapture requestCapture, @Nullable HeaderCapture responseCapture) {
        this.requestCapture = requestCapture;
        this.responseCapture = responseCapture;
    }

    Request request(ConnectionScope scope) {
        HttpScope http = scope instanceof HttpScope found ? found : null;
        Headers headers = scope.headers();
        String host = text(headers, HOST);
        ByteString query = scope.queryString();
        return Request.builder(http == null ? Request.Kind.WEBSOCKET : Request.Kind.HTTP)
                .method(http == null ? null : http.method())
                .scheme(scope.scheme())
                .httpVersion(scope.httpVersion())
                .path(scope.path())
                .query(query.isEmpty() ? "" : query.text())
                .server(host.isEmpty() ? address(scope.server()) : null)
                .client(address(scope.client()))
                .host(host)
                .userAgent(text(headers, USER_AGENT))
                .capturedHeaders(requestCapture == null ? List.of() : requestCapture.take(headers))
                .build();
    }

    List<String> captured(Headers responseHeaders) {
        return responseCapture == null ? List.of() : responseCapture.take(responseHeaders);
    }

    /** Returns {@code scheme://host/path}, without the query. */
    String url(ConnectionScope scope) {
        String host = text(scope.headers(), HOST);
        Endpoint server = scope.server();
        if (host.isEmpty() && server != null) {
            host = server.port() == Endpoint.NO_PORT ? server.host() : server.host() + ':' + server.port();
        }
        return scope.scheme() + "://" + host + scope.path();
    }

    private String text(Headers headers, ByteString name) {
        ByteString value = headers.first(name);
        return value == null ? "" : texts.text(value);
    }

    private static @Nullable Address address(@Nullable Endpoint endpoint) {
        return endpoint == null || endpoint.host().isEmpty() ? null : new Address(endpoint.host(), endpoint.port());
    }
}
