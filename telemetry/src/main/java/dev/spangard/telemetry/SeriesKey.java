// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What tells one series of measurements from another: requests with the same key ended alike.
 *
 * <p>A key is made only for a series that is not remembered. {@link SeriesCache} asks for the hash and compares by the
 * exchange itself, so that a request like an earlier one allocates none.
 *
 * @param method normalised
 * @param scheme as the request has it, not bounded
 * @param websocket whether it was one
 * @param status 0 if none was sent
 * @param errorType null if nothing went wrong
 */
record SeriesKey(
        String method,
        String scheme,
        @Nullable String httpVersion,
        boolean websocket,
        @Nullable String route,
        int status,
        @Nullable String errorType) {

    static SeriesKey of(Exchange exchange, Ending ending) {
        return new SeriesKey(
                exchange.method,
                exchange.scheme,
                exchange.request.httpVersion(),
                exchange.isWebSocket(),
                exchange.route,
                ending.status(),
                ending.errorType());
    }

    boolean isOf(Exchange exchange, Ending ending) {
        return status == ending.status()
                && websocket == exchange.isWebSocket()
                && method.equals(exchange.method)
                && scheme.equals(exchange.scheme)
                && Objects.equals(route, exchange.route)
                && Objects.equals(httpVersion, exchange.request.httpVersion())
                && Objects.equals(errorType, ending.errorType());
    }

    /**
     * Returns a hash that is the same for exchanges of the same key; it says less than {@link #hashCode}, which needs a
     * key.
     */
    static int hash(Exchange exchange, Ending ending) {
        int hash = exchange.method.hashCode()
                + 31 * exchange.scheme.hashCode()
                + 961 * ending.status()
                + (exchange.isWebSocket() ? 7 : 0);
        hash = 31 * hash + hash(exchange.route);
        hash = 31 * hash + hash(ending.errorType());
        return 31 * hash + hash(exchange.request.httpVersion());
    }

    private static int hash(@Nullable String text) {
        return text == null ? 0 : text.hashCode();
    }
}
