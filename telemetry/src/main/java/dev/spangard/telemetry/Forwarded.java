// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The request as its client sent it, where trusted proxies passed it on: {@code Forwarded} (RFC 7239), else
 * {@code X-Forwarded-For}, {@code -Proto}, {@code -Host} and {@code -Port}.
 *
 * <p>Read from right to left, for whatever stands left of the first hop that is not trusted is that hop's invention. A
 * part that is not well-formed is as good as none.
 */
final class Forwarded {
    /** The most proxies between client and server that are looked at. */
    static final int MAX_HOPS = 32;

    /**
     * The character before the names of headers that the recorder sent for this and not to be captured: no header's
     * name has one.
     */
    private static final char MARK = ':';

    private final TrustedProxies proxies;
    private final HostHeader hosts;

    Forwarded(TrustedProxies proxies, HostHeader hosts) {
        this.proxies = proxies;
        this.hosts = hosts;
    }

    static boolean isMarked(String name) {
        return !name.isEmpty() && name.charAt(0) == MARK;
    }

    /** Returns {@code request} as it is, or as the client made it. Its captured headers stay. */
    Request resolve(Request request) {
        if (proxies.isEmpty() || request.capturedHeaders().isEmpty() || !proxies.trusts(request.client())) {
            return request;
        }
        Address client = request.client();
        String scheme = null;
        String host = null;
        for (ForwardedHop hop : hops(request)) {
            scheme = hop.scheme() == null ? scheme : hop.scheme();
            host = hop.host() == null ? host : hop.host();
            if (hop.client() == null) {
                break;
            }
            client = hop.client();
            if (!proxies.trusts(client)) {
                break;
            }
        }
        String named = named(request, scheme);
        boolean usable = host != null && hosts.address(host, false) != null;
        return request.toBuilder()
                .scheme(named)
                .client(client)
                .host(usable && host != null ? host : request.host())
                .build();
    }

    /** Returns the scheme that ASGI has for the one that proxies name: they say {@code https} of a WebSocket, too. */
    private static @Nullable String named(Request request, @Nullable String scheme) {
        String given = scheme == null ? "" : scheme.toLowerCase(Locale.ROOT);
        boolean secure = given.equals("https") || given.equals("wss");
        if (!secure && !given.equals("http") && !given.equals("ws")) {
            return request.scheme();
        }
        String plain = request.kind() == Request.Kind.HTTP ? "http" : "ws";
        return secure ? plain + 's' : plain;
    }

    /**
     * Returns the hops, the nearest first. A client may send the header that its proxy does not write: it does not hide
     * behind that.
     */
    private static List<ForwardedHop> hops(Request request) {
        List<ForwardedHop> official = ForwardedElements.read(values(request, ":forwarded"), MAX_HOPS);
        if (!official.isEmpty() && official.getFirst().client() != null) {
            return official;
        }
        List<ForwardedHop> unofficial = ForwardedLists.read(
                values(request, ":x-forwarded-for"),
                values(request, ":x-forwarded-proto"),
                values(request, ":x-forwarded-host"),
                values(request, ":x-forwarded-port"),
                MAX_HOPS);
        return official.isEmpty() || unofficial.getFirst().client() != null ? unofficial : official;
    }

    private static List<String> values(Request request, String name) {
        List<String> headers = request.capturedHeaders();
        List<String> values = new ArrayList<>();
        for (int i = 0; i + 1 < headers.size(); i += 2) {
            if (headers.get(i).equals(name)) {
                values.add(headers.get(i + 1));
            }
        }
        return values;
    }
}
