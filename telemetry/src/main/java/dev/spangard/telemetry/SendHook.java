// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.SendEvent;
import io.opentelemetry.api.trace.Span;

/** Sees what an application sends. The user of {@link MiddlewareBuilder} writes one. */
@FunctionalInterface
public interface SendHook {
    /**
     * Called when an event is about to reach the server, on the thread that sends it. What it throws is an event on the
     * span.
     *
     * @param span of the request
     * @param scope of the request
     * @param event not to be consumed: its buffers are the server's
     */
    void sending(Span span, ConnectionScope scope, SendEvent event);
}
