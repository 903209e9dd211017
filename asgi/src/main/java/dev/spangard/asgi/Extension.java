// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/** Names in {@code scope["extensions"]} that ASGI defines (Extensions): what a server has is a key there. */
public final class Extension {
    /** {@link WebSocketSendEvent.DenialStart} and {@link WebSocketSendEvent.DenialBody} are understood. */
    public static final String WEBSOCKET_DENIAL_RESPONSE = "websocket.http.response";

    /** {@link HttpSendEvent.Push} is understood. */
    public static final String PUSH = "http.response.push";

    /** {@link HttpSendEvent.ZeroCopySend} is understood. */
    public static final String ZERO_COPY_SEND = "http.response.zerocopysend";

    /** {@link HttpSendEvent.PathSend} is understood. */
    public static final String PATH_SEND = "http.response.pathsend";

    /** {@link HttpSendEvent.EarlyHint} is understood. */
    public static final String EARLY_HINT = "http.response.early_hint";

    /** {@link HttpSendEvent.ResponseTrailers} is understood. */
    public static final String TRAILERS = "http.response.trailers";

    /** {@link HttpSendEvent.Debug} is understood; in tests only. */
    public static final String DEBUG = "http.response.debug";

    /** The connection is a TLS connection; the value is a {@link TlsInfo}. */
    public static final String TLS = "tls";

    private Extension() {}
}
