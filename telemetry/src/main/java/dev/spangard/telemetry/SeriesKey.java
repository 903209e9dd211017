// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.semconv.ErrorAttributes;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.NetworkAttributes;
import io.opentelemetry.semconv.UrlAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What requests that ended alike have in common: the attributes of their measurements and the name of their spans.
 *
 * @param method normalised
 * @param status 0 if none was sent
 * @param websocket whether it was one
 * @param attributes of a request's or WebSocket's measurements
 * @param received those of the messages that a WebSocket received, and {@code sent} of those it sent
 */
record SeriesKey(
        String method,
        String scheme,
        @Nullable String httpVersion,
        boolean websocket,
        @Nullable String route,
        int status,
        @Nullable String errorType,
        String spanName,
        Attributes attributes,
        Attributes received,
        Attributes sent) {

    /** What the semantic conventions put for a value that is not one of the known. */
    static final String OTHER = "_OTHER";

    private static final String UNKNOWN_METHOD_NAME = "HTTP";

    static SeriesKey of(
            String method,
            String scheme,
            @Nullable String httpVersion,
            boolean websocket,
            @Nullable String route,
            int status,
            @Nullable String errorType) {
        AttributesBuilder attributes = Attributes.builder()
                .put(HttpAttributes.HTTP_REQUEST_METHOD, method)
                .put(UrlAttributes.URL_SCHEME, bounded(scheme));
        if (route != null) {
            attributes.put(HttpAttributes.HTTP_ROUTE, route);
        }
        if (status != 0) {
            attributes.put(HttpAttributes.HTTP_RESPONSE_STATUS_CODE, (long) status);
        }
        if (errorType != null) {
            attributes.put(ErrorAttributes.ERROR_TYPE, errorType);
        }
        if (websocket) {
            attributes.put(NetworkAttributes.NETWORK_PROTOCOL_NAME, "websocket");
        }
        if (httpVersion != null) {
            attributes.put(NetworkAttributes.NETWORK_PROTOCOL_VERSION, httpVersion);
        }
        Attributes all = attributes.build();
        return new SeriesKey(
                method,
                scheme,
                httpVersion,
                websocket,
                route,
                status,
                errorType,
                spanName(method, route),
                all,
                websocket ? directed(all, Keys.RECEIVE) : all,
                websocket ? directed(all, Keys.TRANSMIT) : all);
    }

    /** A scheme as measurements have it, one of those that ASGI knows: a client may have a say in it. */
    static String bounded(String scheme) {
        return switch (scheme) {
            case "http", "https", "ws", "wss" -> scheme;
            default -> OTHER;
        };
    }

    private static Attributes directed(Attributes attributes, String direction) {
        return attributes.toBuilder().put(Keys.IO_DIRECTION, direction).build();
    }

    static String spanName(String method, @Nullable String route) {
        String name = method.equals(OTHER) ? UNKNOWN_METHOD_NAME : method;
        return route == null ? name : name + ' ' + route;
    }

    boolean matches(
            String method,
            String scheme,
            @Nullable String httpVersion,
            boolean websocket,
            @Nullable String route,
            int status,
            @Nullable String errorType) {
        return this.status == status
                && this.websocket == websocket
                && this.method.equals(method)
                && this.scheme.equals(scheme)
                && Objects.equals(this.route, route)
                && Objects.equals(this.httpVersion, httpVersion)
                && Objects.equals(this.errorType, errorType);
    }
}
