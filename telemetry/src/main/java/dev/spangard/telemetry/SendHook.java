// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.SendEvent;
import io.opentelemetry.api.trace.Span;

/** Sees what an application sends. */
@FunctionalInterface
public interface SendHook {
    /**
     * An event is about to reach the server.
     *
     * @param span of the request
     * @param event not to be consumed: its buffers are the server's
     */
    void sending(Span span, ConnectionScope scope, SendEvent event);
}
