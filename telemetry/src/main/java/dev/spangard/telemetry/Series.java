// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.semconv.ErrorAttributes;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.NetworkAttributes;
import io.opentelemetry.semconv.UrlAttributes;
import org.jspecify.annotations.Nullable;

/**
 * What requests that ended alike have in common: the attributes of their measurements and the name of their spans.
 *
 * @param attributes of a request's or WebSocket's measurements
 * @param received those of the messages that a WebSocket received, and {@code sent} of those it sent
 */
record Series(SeriesKey key, String spanName, Attributes attributes, Attributes received, Attributes sent) {

    /** The value that the semantic conventions put for one that is not one of the known. */
    static final String OTHER = "_OTHER";

    private static final String UNKNOWN_METHOD_NAME = "HTTP";

    static Series of(SeriesKey key) {
        AttributesBuilder attributes = Attributes.builder()
                .put(HttpAttributes.HTTP_REQUEST_METHOD, key.method())
                .put(UrlAttributes.URL_SCHEME, bounded(key.scheme()));
        if (key.route() != null) {
            attributes.put(HttpAttributes.HTTP_ROUTE, key.route());
        }
        if (key.status() != 0) {
            attributes.put(HttpAttributes.HTTP_RESPONSE_STATUS_CODE, (long) key.status());
        }
        if (key.errorType() != null) {
            attributes.put(ErrorAttributes.ERROR_TYPE, key.errorType());
        }
        if (key.websocket()) {
            attributes.put(NetworkAttributes.NETWORK_PROTOCOL_NAME, "websocket");
        }
        if (key.httpVersion() != null) {
            attributes.put(NetworkAttributes.NETWORK_PROTOCOL_VERSION, key.httpVersion());
        }
        Attributes all = attributes.build();
        return new Series(
                key,
                spanName(key.method(), key.route()),
                all,
                key.websocket() ? directed(all, Keys.RECEIVE) : all,
                key.websocket() ? directed(all, Keys.TRANSMIT) : all);
    }

    /** Returns the scheme as measurements have it, one of those that ASGI knows: a client may have a say in it. */
    static String bounded(String scheme) {
        return switch (scheme) {
            case "http", "https", "ws", "wss" -> scheme;
            default -> OTHER;
        };
    }

    private static Attributes directed(Attributes attributes, String direction) {
        return attributes.toBuilder().put(Keys.IO_DIRECTION, direction).build();
    }

    /** Returns the name of a span (semantic conventions, HTTP spans): {@code {method} {route}}, or the method alone. */
    static String spanName(String method, @Nullable String route) {
        String name = method.equals(OTHER) ? UNKNOWN_METHOD_NAME : method;
        return route == null ? name : name + ' ' + route;
    }
}
