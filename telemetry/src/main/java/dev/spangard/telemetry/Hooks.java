// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.ReceiveEvent;
import dev.spangard.asgi.SendEvent;
import dev.spangard.telemetry.MiddlewareBuilder.SpanDetails;
import io.opentelemetry.api.trace.Span;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The user's callables. What they throw is an event on the span, never the request's. */
record Hooks(
        @Nullable Function<ConnectionScope, SpanDetails> details,
        @Nullable BiConsumer<Span, ConnectionScope> onRequest,
        @Nullable ReceiveHook onReceive,
        @Nullable SendHook onSend) {

    /** Calls the hooks of a request's begin, and returns the name that was asked for, or null. */
    @Nullable
    String started(Span span, ConnectionScope scope) {
        String name = details == null ? null : detailed(details, span, scope);
        if (onRequest != null) {
            try {
                onRequest.accept(span, scope);
            } catch (RuntimeException | Error e) {
                span.recordException(e);
            }
        }
        return name;
    }

    private static @Nullable String detailed(
            Function<ConnectionScope, SpanDetails> details, Span span, ConnectionScope scope) {
        try {
            SpanDetails wanted = details.apply(scope);
            span.updateName(wanted.name());
            span.setAllAttributes(wanted.attributes());
            return wanted.name();
        } catch (RuntimeException | Error e) {
            span.recordException(e);
            return null;
        }
    }

    void received(Span span, ConnectionScope scope, ReceiveEvent event) {
        if (onReceive != null) {
            try {
                onReceive.received(span, scope, event);
            } catch (RuntimeException | Error e) {
                span.recordException(e);
            }
        }
    }

    void sending(Span span, ConnectionScope scope, SendEvent event) {
        if (onSend != null) {
            try {
                onSend.sending(span, scope, event);
            } catch (RuntimeException | Error e) {
                span.recordException(e);
            }
        }
    }
}
