// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import java.util.Set;

/** The attributes of the {@code upstream} profile, those of the old conventions among them (PARITY 2.4 and 3). */
final class UpstreamNames {
    static final AttributeKey<String> HTTP_SCHEME = AttributeKey.stringKey("http.scheme");
    static final AttributeKey<String> HTTP_HOST = AttributeKey.stringKey("http.host");
    static final AttributeKey<Long> NET_HOST_PORT = AttributeKey.longKey("net.host.port");
    static final AttributeKey<String> HTTP_FLAVOR = AttributeKey.stringKey("http.flavor");
    static final AttributeKey<String> HTTP_TARGET = AttributeKey.stringKey("http.target");
    static final AttributeKey<String> HTTP_URL = AttributeKey.stringKey("http.url");
    static final AttributeKey<String> HTTP_METHOD = AttributeKey.stringKey("http.method");
    static final AttributeKey<String> HTTP_SERVER_NAME = AttributeKey.stringKey("http.server_name");
    static final AttributeKey<String> HTTP_USER_AGENT = AttributeKey.stringKey("http.user_agent");
    static final AttributeKey<String> NET_PEER_IP = AttributeKey.stringKey("net.peer.ip");
    static final AttributeKey<Long> NET_PEER_PORT = AttributeKey.longKey("net.peer.port");
    static final AttributeKey<Long> HTTP_STATUS_CODE = AttributeKey.longKey("http.status_code");
    static final AttributeKey<Long> CLIENT_PORT = AttributeKey.longKey("client.port");
    static final AttributeKey<String> EVENT_TYPE = AttributeKey.stringKey("asgi.event.type");
    static final AttributeKey<String> EXCEPTION_ESCAPED = AttributeKey.stringKey("exception.escaped");
    /** Whether the task was cancelled. This is not upstream's, which can not tell it from a success. */
    static final AttributeKey<Boolean> CANCELLED = AttributeKey.booleanKey("spangard.cancelled");

    static final Set<String> OF_OLD_DURATION = Set.of(
            "http.method",
            "http.host",
            "http.scheme",
            "http.status_code",
            "http.flavor",
            "http.server_name",
            "net.host.name",
            "net.host.port");
    static final Set<String> OF_DURATION = Set.of(
            "error.type",
            "http.request.method",
            "http.response.status_code",
            "http.route",
            "network.protocol.version",
            "url.scheme");
    static final Set<String> OF_OLD_ACTIVE =
            Set.of("http.method", "http.host", "http.scheme", "http.flavor", "http.server_name");
    static final Set<String> OF_ACTIVE = Set.of("http.request.method", "url.scheme");

    private UpstreamNames() {}
}
