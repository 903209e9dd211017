// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.semconv.ClientAttributes;
import io.opentelemetry.semconv.NetworkAttributes;
import io.opentelemetry.semconv.ServerAttributes;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The facts behind each {@link OptIn}. Thread-safe. */
final class OptInFacts {
    /** In a user agent that is a robot's, or a test's; as OpenTelemetry's package for Python has them. */
    private static final List<String> BOTS = List.of("googlebot", "bingbot");

    private static final List<String> TESTS = List.of("alwayson");

    private final Set<OptIn> wanted;
    private final boolean measured;

    OptInFacts(Set<OptIn> wanted) {
        this.wanted = wanted;
        this.measured = wanted.stream().anyMatch(OptIn.MEASURED::contains);
    }

    /** Puts the attributes that were asked for on a span. */
    void put(Exchange exchange, SpanAttributes to) {
        if (wanted.isEmpty()) {
            return;
        }
        Request request = exchange.request;
        Address client = request.client();
        Address local = request.server();
        if (wanted.contains(OptIn.CLIENT_PORT) && client != null && client.port() > 0) {
            to.put(ClientAttributes.CLIENT_PORT, (long) client.port());
        }
        if (wanted.contains(OptIn.NETWORK_LOCAL_ADDRESS) && local != null) {
            to.put(NetworkAttributes.NETWORK_LOCAL_ADDRESS, exchange.telemetry.limit.cut(local.host()));
        }
        if (wanted.contains(OptIn.NETWORK_LOCAL_PORT) && local != null && local.port() > 0) {
            to.put(NetworkAttributes.NETWORK_LOCAL_PORT, (long) local.port());
        }
        if (wanted.contains(OptIn.NETWORK_TRANSPORT)) {
            to.put(NetworkAttributes.NETWORK_TRANSPORT, transport(request, exchange.peer));
        }
        String synthetic = wanted.contains(OptIn.USER_AGENT_SYNTHETIC_TYPE) ? synthetic(request.userAgent()) : null;
        if (synthetic != null) {
            to.put(Keys.SYNTHETIC_TYPE, synthetic);
        }
    }

    /** Returns {@code attributes} of a measurement, with those asked for and the application's own. */
    Attributes measured(Exchange exchange, Attributes attributes) {
        if (!measured) {
            return exchange.measuredWith.isEmpty() ? attributes : withOwn(exchange, attributes);
        }
        AttributesBuilder all = withOwn(exchange, attributes).toBuilder();
        Address server = exchange.telemetry.serverAddress(exchange.request);
        if (server != null && wanted.contains(OptIn.SERVER_ADDRESS)) {
            all.put(ServerAttributes.SERVER_ADDRESS, exchange.telemetry.limit.cut(server.host()));
        }
        if (server != null && server.port() != Address.NO_PORT && wanted.contains(OptIn.SERVER_PORT)) {
            all.put(ServerAttributes.SERVER_PORT, (long) server.port());
        }
        String agent = exchange.request.userAgent();
        String synthetic = wanted.contains(OptIn.USER_AGENT_SYNTHETIC_TYPE) ? synthetic(agent) : null;
        if (synthetic != null) {
            all.put(Keys.SYNTHETIC_TYPE, synthetic);
        }
        return all.build();
    }

    /** Returns the attributes with the application's own: those of the conventions win. */
    private static Attributes withOwn(Exchange exchange, Attributes attributes) {
        return exchange.measuredWith.toBuilder().putAll(attributes).build();
    }

    /**
     * Returns the transport (semantic conventions, {@code network.transport}). A Unix socket has a path, or no address
     * at all; HTTP/3 goes by UDP.
     */
    private static String transport(Request request, @Nullable Address peer) {
        Address local = request.server();
        if ((peer != null && peer.host().startsWith("/"))
                || (local != null && local.host().startsWith("/"))) {
            return NetworkAttributes.NetworkTransportValues.UNIX;
        }
        String version = request.httpVersion();
        return version != null && version.startsWith("3")
                ? NetworkAttributes.NetworkTransportValues.UDP
                : NetworkAttributes.NetworkTransportValues.TCP;
    }

    /** Returns what kind of robot or test sends this User-Agent (semantic conventions); null if none that is known. */
    static @Nullable String synthetic(String userAgent) {
        String agent = userAgent.toLowerCase(Locale.ROOT);
        if (TESTS.stream().anyMatch(agent::contains)) {
            return "test";
        }
        return BOTS.stream().anyMatch(agent::contains) ? "bot" : null;
    }
}
