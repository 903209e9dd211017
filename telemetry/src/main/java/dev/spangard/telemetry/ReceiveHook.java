// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.ReceiveEvent;
import io.opentelemetry.api.trace.Span;

/** Sees what an application receives. */
@FunctionalInterface
public interface ReceiveHook {
    /**
     * An event is about to reach the application.
     *
     * @param span of the request
     * @param event not to be consumed: its buffers are the application's
     */
    void received(Span span, ConnectionScope scope, ReceiveEvent event);
}
