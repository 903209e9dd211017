// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.context.Context;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests for tests: {@code GET http://example.org:8000/items/5?q=1} and changes of it. */
final class Requests {
    static final long START = 1_700_000_000_000_000_000L;

    private Requests() {}

    static Request get() {
        return with("GET", "http", "q=1", "example.org:8000", new Address("10.0.0.1", 8000));
    }

    static Request method(String method) {
        return with(method, "http", "", "example.org", null);
    }

    static Request path(String path) {
        return plain().path(path).build();
    }

    static Request client(Address client) {
        return plain().client(client).build();
    }

    /** {@code GET http://example.org/} by nobody. */
    static Request.Builder plain() {
        return Request.builder(Request.Kind.HTTP)
                .method("GET")
                .scheme("http")
                .httpVersion("1.1")
                .path("/")
                .host("example.org");
    }

    static Request query(String query) {
        return with("GET", "http", query, "example.org", null);
    }

    static Request host(String scheme, String host, @Nullable Address server) {
        return with("GET", scheme, "", host, server);
    }

    static Request websocket(@Nullable String httpVersion) {
        return Request.builder(Request.Kind.WEBSOCKET)
                .scheme("ws")
                .httpVersion(httpVersion)
                .path("/ws")
                .client(new Address("127.0.0.1", 51234))
                .host("example.org")
                .build();
    }

    private static Request with(String method, String scheme, String query, String host, @Nullable Address server) {
        return plain().method(method)
                .scheme(scheme)
                .path("/items/5")
                .query(query)
                .server(server)
                .client(new Address("127.0.0.1", 51234))
                .host(host)
                .userAgent("curl/8.5.0")
                .capturedHeaders(List.of("X-Team", "a", "x-team", "b", "Accept", "*/*"))
                .pid(4711)
                .build();
    }

    /** Three bytes asked, seventeen answered. */
    static void answer(Conversation said, int status) {
        said.requestBody(3);
        said.responseStarted();
        said.status(status);
        said.responseBody(START + 10_000_000, 17, true);
        said.responseTaken(START + 12_000_000);
    }

    static void end(Exchange exchange, long epochNanos) {
        exchange.end(Context.root(), epochNanos);
    }
}
