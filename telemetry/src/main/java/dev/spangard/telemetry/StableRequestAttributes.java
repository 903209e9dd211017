// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.semconv.ClientAttributes;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.NetworkAttributes;
import io.opentelemetry.semconv.ServerAttributes;
import io.opentelemetry.semconv.UrlAttributes;
import io.opentelemetry.semconv.UserAgentAttributes;

/**
 * Puts on a span of the {@code stable} profile what is known of its request (semantic conventions, HTTP server spans).
 * Thread-safe; called by {@link StableSpanWriter}.
 */
final class StableRequestAttributes {
    private final CapturedHeaders headers = new CapturedHeaders("http.request.header.");
    private final TextLimit limit;
    private final QueryRedaction redaction;
    private final OptInFacts optIns;
    private final boolean workerPid;

    StableRequestAttributes(TextLimit limit, TelemetryOptions options, OptInFacts optIns) {
        this.limit = limit;
        this.redaction = new QueryRedaction(options.sensitiveQueryParameters());
        this.optIns = optIns;
        this.workerPid = options.workerPid();
    }

    /**
     * Puts all that the semantic conventions want given at creation, for samplers.
     *
     * <p>It goes straight to the builder, and not through {@link SpanAttributes}, which holds spans too: that is seven
     * calls less in what each request runs, sampled or not.
     */
    void putRequest(Exchange exchange, SpanBuilder to) {
        Request request = exchange.request;
        to.setAttribute(HttpAttributes.HTTP_REQUEST_METHOD, exchange.method);
        String original = request.method();
        if (original != null && !original.equals(exchange.method)) {
            put(to, HttpAttributes.HTTP_REQUEST_METHOD_ORIGINAL, original);
        }
        put(to, UrlAttributes.URL_SCHEME, exchange.scheme);
        put(to, UrlAttributes.URL_PATH, path(request.path()));
        if (!request.query().isEmpty()) {
            put(to, UrlAttributes.URL_QUERY, redaction.apply(request.query()));
        }
        Address server = exchange.telemetry.serverAddress(request);
        if (server != null) {
            put(to, ServerAttributes.SERVER_ADDRESS, server.host());
            if (server.port() != Address.NO_PORT) {
                to.setAttribute(ServerAttributes.SERVER_PORT, (long) server.port());
            }
        }
        Address client = request.client();
        if (client != null) {
            put(to, ClientAttributes.CLIENT_ADDRESS, client.host());
        }
        if (!request.userAgent().isEmpty()) {
            put(to, UserAgentAttributes.USER_AGENT_ORIGINAL, request.userAgent());
        }
        if (exchange.route != null) {
            put(to, HttpAttributes.HTTP_ROUTE, exchange.route);
        }
        headers.forEach(request.capturedHeaders(), limit, to::setAttribute);
    }

    private void put(SpanBuilder to, AttributeKey<String> key, String value) {
        to.setAttribute(key, limit.cut(value));
    }

    /** Puts what is known of the connection and the process, by which nobody samples. */
    void putConnection(Exchange exchange, SpanAttributes to) {
        Request request = exchange.request;
        // Servers put port 0 beside an address from X-Forwarded-For: then the peer, a proxy, is not known.
        Address peer = exchange.peer;
        if (peer != null && peer.port() != 0) {
            to.put(NetworkAttributes.NETWORK_PEER_ADDRESS, peer.host(), limit);
            if (peer.port() != Address.NO_PORT) {
                to.put(NetworkAttributes.NETWORK_PEER_PORT, (long) peer.port());
            }
        }
        if (exchange.isWebSocket()) {
            to.put(NetworkAttributes.NETWORK_PROTOCOL_NAME, "websocket");
        }
        to.put(NetworkAttributes.NETWORK_PROTOCOL_VERSION, request.httpVersion(), limit);
        if (workerPid && request.pid() != 0) {
            to.put(Keys.PROCESS_PID, request.pid());
        }
        optIns.put(exchange, to);
    }

    /**
     * Returns the path of a target. Servers may pass one in absolute form on as the path (RFC 9112, section 3.2.2); its
     * authority may hold a password.
     */
    private static String path(String path) {
        int scheme = path.startsWith("/") ? -1 : path.indexOf("://");
        if (scheme < 0) {
            return path.isEmpty() ? "/" : path;
        }
        int slash = path.indexOf('/', scheme + 3);
        return slash < 0 ? "/" : path.substring(slash);
    }
}
