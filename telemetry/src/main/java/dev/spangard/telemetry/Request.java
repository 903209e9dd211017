// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request, or of a WebSocket's handshake, before the application is called.
 *
 * @param scheme null means the scope had none: {@code http} or {@code ws}
 * @param path decoded
 * @param query as sent, still encoded; empty if there is none
 * @param server where the server listens: for requests without a usable Host header
 * @param host the Host header; empty if there is none
 * @param userAgent empty if there is none
 * @param capturedHeaders name, value, name, value …: those that were asked for, secrets already hidden
 * @param pid of the worker; 0 if not known
 */
public record Request(
        Kind kind,
        @Nullable String method,
        @Nullable String scheme,
        @Nullable String httpVersion,
        String path,
        String query,
        @Nullable Address server,
        @Nullable Address client,
        String host,
        String userAgent,
        List<String> capturedHeaders,
        long pid) {

    /** What an ASGI scope is about. */
    public enum Kind {
        HTTP,
        WEBSOCKET
    }

    /** A request that is measured but makes no span: only what metrics need. */
    public static Request unsampled(
            Kind kind, @Nullable String method, @Nullable String scheme, @Nullable String httpVersion) {
        return new Request(kind, method, scheme, httpVersion, "", "", null, null, "", "", List.of(), 0);
    }
}
