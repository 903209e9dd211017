// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The request as its client sent it, where trusted proxies passed it on: {@code Forwarded} (RFC 7239), else
 * {@code X-Forwarded-For}, {@code -Proto}, {@code -Host} and {@code -Port}.
 *
 * <p>Read from right to left, for whatever stands left of the first hop that is not trusted is that hop's invention. A
 * part that is not well-formed is as good as none.
 */
final class Forwarded {
    /** Proxies between client and server that are looked at. */
    static final int MAX_HOPS = 32;

    /** Before the names of headers that the recorder sent for this and not to be captured: no header's name has one. */
    private static final char MARK = ':';

    private static final Pattern PORT = Pattern.compile(":\\d+$");

    private final TrustedProxies proxies;
    private final HostHeader hosts;

    /** What one proxy says: whom it got the request from, and what that one asked for. */
    private record Hop(
            @Nullable Address client,
            @Nullable String scheme,
            @Nullable String host) {}

    Forwarded(TrustedProxies proxies, HostHeader hosts) {
        this.proxies = proxies;
        this.hosts = hosts;
    }

    static boolean isMarked(String name) {
        return !name.isEmpty() && name.charAt(0) == MARK;
    }

    /** {@code request}, or as the client made it. Its captured headers stay. */
    Request resolve(Request request) {
        if (proxies.isEmpty() || request.capturedHeaders().isEmpty() || !proxies.trusts(request.client())) {
            return request;
        }
        List<String> standard = values(request, ":forwarded");
        List<Hop> hops = standard.isEmpty() ? unofficial(request) : official(standard);
        Address client = request.client();
        String scheme = null;
        String host = null;
        int last = Math.max(0, hops.size() - MAX_HOPS);
        for (int i = hops.size() - 1; i >= last; i--) {
            Hop hop = hops.get(i);
            scheme = hop.scheme == null ? scheme : hop.scheme;
            host = hop.host == null ? host : hop.host;
            if (hop.client == null) {
                break;
            }
            client = hop.client;
            if (!proxies.trusts(client)) {
                break;
            }
        }
        String named = named(request, scheme);
        boolean usable = host != null && hosts.address(host, false) != null;
        return new Request(
                request.kind(),
                request.method(),
                named,
                request.httpVersion(),
                request.path(),
                request.query(),
                request.server(),
                client,
                usable && host != null ? host : request.host(),
                request.userAgent(),
                request.capturedHeaders(),
                request.pid());
    }

    /** Proxies say {@code https} of a WebSocket, too. */
    private static @Nullable String named(Request request, @Nullable String scheme) {
        String given = scheme == null ? "" : scheme.toLowerCase(Locale.ROOT);
        boolean secure = given.equals("https") || given.equals("wss");
        if (!secure && !given.equals("http") && !given.equals("ws")) {
            return request.scheme();
        }
        String plain = request.kind() == Request.Kind.HTTP ? "http" : "ws";
        return secure ? plain + 's' : plain;
    }

    private static List<Hop> official(List<String> lines) {
        List<Hop> hops = new ArrayList<>();
        for (String element : split(String.join(",", lines), ',')) {
            Address client = null;
            String scheme = null;
            String host = null;
            for (String pair : split(element, ';')) {
                int equals = pair.indexOf('=');
                String name =
                        equals < 0 ? "" : pair.substring(0, equals).strip().toLowerCase(Locale.ROOT);
                String value =
                        equals < 0 ? "" : unquoted(pair.substring(equals + 1).strip());
                switch (name) {
                    case "for" -> client = node(value);
                    case "proto" -> scheme = value;
                    case "host" -> host = value;
                    default -> {
                        // "by" and extensions
                    }
                }
            }
            hops.add(new Hop(client, scheme, host));
        }
        return hops;
    }

    /** Proto, host and port belong to the hop at their own place; a single one, as most proxies write it, to the request. */
    private static List<Hop> unofficial(Request request) {
        List<String> clients = list(request, ":x-forwarded-for");
        List<String> schemes = list(request, ":x-forwarded-proto");
        List<String> names = list(request, ":x-forwarded-host");
        List<String> ports = list(request, ":x-forwarded-port");
        int count = Math.max(1, clients.size());
        List<Hop> hops = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Address client = i < clients.size() ? node(clients.get(i)) : null;
            String name = at(names, i, count);
            String port = at(ports, i, count);
            String host = name == null || port == null || PORT.matcher(name).find() ? name : name + ':' + port;
            hops.add(new Hop(client, at(schemes, i, count), host));
        }
        return hops;
    }

    private static @Nullable String at(List<String> values, int hop, int hops) {
        if (values.size() == hops) {
            return values.get(hop);
        }
        return hop == hops - 1 && !values.isEmpty() ? values.getLast() : null;
    }

    /** {@code 192.0.2.7}, {@code 192.0.2.7:80}, {@code [2001:db8::1]:80}; null for {@code unknown}, a pseudonym, or rubbish. */
    private static @Nullable Address node(String text) {
        boolean bracketed = text.startsWith("[");
        boolean bareV6 = !bracketed && text.indexOf(':') != text.lastIndexOf(':');
        int end = bracketed ? text.indexOf(']') : bareV6 ? -1 : text.indexOf(':');
        String host = end < 0 ? text : text.substring(bracketed ? 1 : 0, end);
        int colon = bracketed ? end + 1 : end;
        int port = end < 0 || colon >= text.length() ? Address.NO_PORT : port(text.substring(colon + 1));
        return TrustedProxies.isLiteral(host) ? new Address(host, port) : null;
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            return port < 0 || port > Address.MAX_PORT ? Address.NO_PORT : port;
        } catch (NumberFormatException e) {
            return Address.NO_PORT;
        }
    }

    private static List<String> list(Request request, String name) {
        return split(String.join(",", values(request, name)), ',');
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

    /** At each separator outside of quotes; blanks around and empty parts dropped. */
    private static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>();
        boolean quoted = false;
        int from = 0;
        for (int i = 0; i <= text.length(); i++) {
            char c = i == text.length() ? separator : text.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            }
            if (i == text.length() || (c == separator && !quoted)) {
                String part = text.substring(from, i).strip();
                if (!part.isEmpty()) {
                    parts.add(part);
                }
                from = i + 1;
            }
        }
        return parts;
    }

    private static String unquoted(String value) {
        boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1).replace("\\", "") : value;
    }
}
