// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.semconv.ClientAttributes;
import io.opentelemetry.semconv.ErrorAttributes;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.NetworkAttributes;
import io.opentelemetry.semconv.ServerAttributes;
import io.opentelemetry.semconv.UrlAttributes;
import io.opentelemetry.semconv.UserAgentAttributes;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Names and values of the {@code upstream} profile, as {@code collect_request_attributes} and {@code set_status_code} of
 * the Python package make them (PARITY 2.3 and 2.4), with secrets hidden. Thread-safe.
 */
final class UpstreamAttributes {
    private static final String DEFAULT_PORT = "80";

    private final SemconvMode mode;
    private final Set<String> knownMethods;
    private final boolean allMethods;
    private final TextLimit limit;
    private final UpstreamUrls urls;

    /**
     * Makes the attributes of one service.
     *
     * @param allMethods whether methods are reported as they are, known or not
     */
    UpstreamAttributes(SemconvMode mode, TelemetryOptions options, boolean allMethods) {
        this.mode = mode;
        this.knownMethods = options.knownMethods();
        this.allMethods = allMethods;
        this.limit = new TextLimit(options.attributeValueLengthLimit());
        this.urls = new UpstreamUrls(new QueryRedaction(options.sensitiveQueryParameters()));
    }

    /** Returns the name of a span that was given no other. */
    String spanName(@Nullable String method, String rawPath) {
        String path = UpstreamUrls.withoutCredentials(rawPath.strip());
        String known = sanitized(method == null ? "" : method.strip());
        String shown = known.equals(Series.OTHER) ? "HTTP" : known;
        if (path.isEmpty() || shown.isEmpty()) {
            return shown + path;
        }
        return shown + ' ' + path;
    }

    /** Returns all attributes that a span has from its start, and its metrics choose from. */
    Attributes of(UpstreamRequest request) {
        AttributesBuilder to = Attributes.builder();
        put(to, UpstreamNames.HTTP_SCHEME, UrlAttributes.URL_SCHEME, request.scheme());
        putServer(to, request.server());
        put(to, UpstreamNames.HTTP_FLAVOR, NetworkAttributes.NETWORK_PROTOCOL_VERSION, request.httpVersion());
        String path = UpstreamUrls.withoutCredentials(request.path());
        put(to, UpstreamNames.HTTP_TARGET, UrlAttributes.URL_PATH, path);
        if (mode.isStable() && !path.isEmpty()) {
            put(to, UrlAttributes.URL_QUERY, urls.redacted(request.query()));
        }
        if (mode.isOld()) {
            put(to, UpstreamNames.HTTP_URL, urls.url(request, path, address(request.server())));
            String serverName = request.serverName();
            if (serverName != null) {
                to.put(UpstreamNames.HTTP_SERVER_NAME, limit.cut(UpstreamUrls.withoutUser(serverName)));
            }
        }
        putMethod(to, request.method());
        put(to, UpstreamNames.HTTP_USER_AGENT, UserAgentAttributes.USER_AGENT_ORIGINAL, request.userAgent());
        put(to, Keys.SYNTHETIC_TYPE, OptInFacts.synthetic(request.userAgent()));
        UpstreamRequest.Endpoint client = request.client();
        if (client != null) {
            put(to, UpstreamNames.NET_PEER_IP, ClientAttributes.CLIENT_ADDRESS, client.host());
            putPort(to, UpstreamNames.NET_PEER_PORT, UpstreamNames.CLIENT_PORT, client.port());
        }
        return to.putAll(request.details()).build();
    }

    /** Puts the attributes of a status on a span or a measurement. */
    void putStatus(AttributesBuilder to, UpstreamStatus status) {
        if (status.isNumber()) {
            if (mode.isOld()) {
                to.put(UpstreamNames.HTTP_STATUS_CODE, (long) status.code());
            }
            if (mode.isStable()) {
                to.put(HttpAttributes.HTTP_RESPONSE_STATUS_CODE, (long) status.code());
            }
        }
        if (mode.isStable() && status.isError()) {
            to.put(ErrorAttributes.ERROR_TYPE, limit.cut(status.text()));
        }
    }

    private void putServer(AttributesBuilder to, UpstreamRequest.@Nullable Endpoint server) {
        put(to, UpstreamNames.HTTP_HOST, ServerAttributes.SERVER_ADDRESS, address(server));
        String port = server == null ? DEFAULT_PORT : server.port();
        putPort(to, UpstreamNames.NET_HOST_PORT, ServerAttributes.SERVER_PORT, port);
    }

    /**
     * Returns where the server listens, with its port unless that is 80: {@code 127.0.0.1:8000}, {@code
     * /run/app.sock:None}.
     */
    private static String address(UpstreamRequest.@Nullable Endpoint server) {
        if (server == null) {
            return "0.0.0.0";
        }
        String host = server.host() == null ? "" : UpstreamUrls.withoutUserOfAHost(server.host());
        return host.isEmpty() || server.port().equals(DEFAULT_PORT) ? host : host + ':' + server.port();
    }

    private void putMethod(AttributesBuilder to, @Nullable String method) {
        if (method == null || method.isEmpty()) {
            return;
        }
        String known = sanitized(method).strip();
        String original = method.strip();
        put(to, UpstreamNames.HTTP_METHOD, HttpAttributes.HTTP_REQUEST_METHOD, known);
        if (mode.isStable() && !original.equals(known)) {
            put(to, HttpAttributes.HTTP_REQUEST_METHOD_ORIGINAL, original);
        }
    }

    private String sanitized(String method) {
        String upper = method.toUpperCase(Locale.ROOT);
        return allMethods || knownMethods.contains(upper) ? upper : Series.OTHER;
    }

    private void putPort(AttributesBuilder to, AttributeKey<Long> old, AttributeKey<Long> stable, String text) {
        long port;
        try {
            port = Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            return;
        }
        if (port != 0) {
            if (mode.isOld()) {
                to.put(old, port);
            }
            if (mode.isStable()) {
                to.put(stable, port);
            }
        }
    }

    private void put(
            AttributesBuilder to, AttributeKey<String> old, AttributeKey<String> stable, @Nullable String value) {
        if (mode.isOld()) {
            put(to, old, value);
        }
        if (mode.isStable()) {
            put(to, stable, value);
        }
    }

    /** Puts a text; what is empty is left out. */
    private void put(AttributesBuilder to, AttributeKey<String> key, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            to.put(key, limit.cut(value));
        }
    }
}
