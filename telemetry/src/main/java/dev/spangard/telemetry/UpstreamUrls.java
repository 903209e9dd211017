// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/** Makes {@code http.url} and {@code url.query} of the {@code upstream} profile, with no secret left in them. */
final class UpstreamUrls {
    private static final String HIDDEN_USER = "REDACTED:REDACTED@";

    private final QueryRedaction redaction;

    UpstreamUrls(QueryRedaction redaction) {
        this.redaction = redaction;
    }

    String redacted(String query) {
        return redaction.apply(query);
    }

    /**
     * Returns the URL as the Python package puts it together: the Host header, else where the server listens; the query
     * percent-decoded, {@code +} kept.
     *
     * @param path without credentials
     */
    String url(UpstreamRequest request, String path, String address) {
        String scheme = request.scheme() == null ? "http" : request.scheme();
        String authority = request.host().isEmpty() ? address : withoutUser(request.host());
        String url = scheme + "://" + authority + path;
        // A value may hold an encoded parameter, which decoding would lay open.
        return request.query().isEmpty()
                ? url
                : url + '?' + redacted(PercentEncoding.decoded(redacted(request.query())));
    }

    /** Returns {@code user:password@host} as the package hides it. */
    static String withoutUser(String authority) {
        int at = authority.lastIndexOf('@');
        return at < 0 ? authority : HIDDEN_USER + authority.substring(at + 1);
    }

    /**
     * Returns a server's own address without a user. An {@code @} may also be part of the path or the name of a Unix
     * socket.
     */
    static String withoutUserOfAHost(String host) {
        return host.startsWith("/") || host.startsWith("@") ? host : withoutUser(host);
    }

    /**
     * Returns the path without credentials: servers may pass a target in absolute form on as the path (RFC 9112,
     * section 3.2.2).
     */
    static String withoutCredentials(String path) {
        int scheme = path.startsWith("/") ? -1 : path.indexOf("://");
        if (scheme < 0) {
            return path;
        }
        int from = scheme + 3;
        int slash = path.indexOf('/', from);
        int to = slash < 0 ? path.length() : slash;
        return path.substring(0, from) + withoutUser(path.substring(from, to)) + path.substring(to);
    }
}
