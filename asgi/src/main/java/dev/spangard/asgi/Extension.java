// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/** Names in {@code scope["extensions"]} that ASGI defines (Extensions): what a server has is a key there. */
public final class Extension {
    /** The server understands {@link WebSocketSendEvent.DenialStart} and {@link WebSocketSendEvent.DenialBody}. */
    public static final String WEBSOCKET_DENIAL_RESPONSE = "websocket.http.response";

    /** The server understands {@link HttpSendEvent.Push}. */
    public static final String PUSH = "http.response.push";

    /** The server understands {@link HttpSendEvent.ZeroCopySend}. */
    public static final String ZERO_COPY_SEND = "http.response.zerocopysend";

    /** The server understands {@link HttpSendEvent.PathSend}. */
    public static final String PATH_SEND = "http.response.pathsend";

    /** The server understands {@link HttpSendEvent.EarlyHint}. */
    public static final String EARLY_HINT = "http.response.early_hint";

    /** The server understands {@link HttpSendEvent.ResponseTrailers}. */
    public static final String TRAILERS = "http.response.trailers";

    /** The server understands {@link HttpSendEvent.Debug}, as test clients do. */
    public static final String DEBUG = "http.response.debug";

    /** The connection is a TLS connection; the value is a {@link TlsInfo}. */
    public static final String TLS = "tls";

    private Extension() {}
}
