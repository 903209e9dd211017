// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the {@code upstream} profile records of a request before the application is called: the scope as it came,
 * nothing filled in. Immutable; lists are not copied.
 *
 * @param kind what kind of scope it is
 * @param internal whether a span was current when the request came: kind INTERNAL, no headers captured
 * @param name of the span, as {@code default_span_details} gave it; null for {@code {method} {path}}
 * @param details attributes of {@code default_span_details}; they win over the others
 * @param method null if the scope had none
 * @param scheme null if the scope had none
 * @param httpVersion null if the scope had none
 * @param path decoded; empty if it is not known
 * @param query as sent, still encoded; empty if there is none
 * @param server where the server listens; null if the scope does not say
 * @param client the other end of the server's socket; null if the scope does not say
 * @param host the first Host header; empty if there is none
 * @param serverName all Host headers, joined by commas; null if there is none
 * @param userAgent the first; empty if there is none
 * @param capturedHeaders name, value, name, value …: those that were asked for, secrets already hidden
 * @param pid of the worker; 0 if not known
 */
public record UpstreamRequest(
        Request.Kind kind,
        boolean internal,
        @Nullable String name,
        Attributes details,
        @Nullable String method,
        @Nullable String scheme,
        @Nullable String httpVersion,
        String path,
        String query,
        @Nullable Endpoint server,
        @Nullable Endpoint client,
        String host,
        @Nullable String serverName,
        String userAgent,
        List<String> capturedHeaders,
        long pid) {

    /**
     * A pair of host and port as an ASGI scope has it.
     *
     * @param port in digits, or whatever else the server put there; {@code None} for none
     */
    public record Endpoint(@Nullable String host, String port) {
        /** The port that Python shows where there is none. */
        public static final String NONE = "None";
    }
}
