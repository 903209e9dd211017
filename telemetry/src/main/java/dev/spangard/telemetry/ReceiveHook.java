// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.ReceiveEvent;
import io.opentelemetry.api.trace.Span;

/** Sees what an application receives. The user of {@link MiddlewareBuilder} writes one. */
@FunctionalInterface
public interface ReceiveHook {
    /**
     * Called when an event is about to reach the application, on the thread that brings it. What it throws is an event
     * on the span.
     *
     * @param span of the request
     * @param scope of the request
     * @param event not to be consumed: its buffers are the application's
     */
    void received(Span span, ConnectionScope scope, ReceiveEvent event);
}
