// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Where a span's attributes are put: its builder before it starts, the span itself after that.
 *
 * <p>One class that asks which, not an interface made of a method reference at each place that puts: those are four classes
 * to the compiler, which then inlines none of the dozen calls of a request.
 */
final class SpanAttributes {
    private final @Nullable SpanBuilder builder;
    private final Span span;

    private SpanAttributes(@Nullable SpanBuilder builder, Span span) {
        this.builder = builder;
        this.span = span;
    }

    static SpanAttributes of(SpanBuilder builder) {
        return new SpanAttributes(builder, Span.getInvalid());
    }

    static SpanAttributes of(Span span) {
        return new SpanAttributes(null, span);
    }

    /** Puts a text, cut at the limit; nothing if there is no value. */
    void put(AttributeKey<String> key, @Nullable String value, TextLimit limit) {
        if (value != null) {
            put(key, limit.cut(value));
        }
    }

    <T> void put(AttributeKey<T> key, T value) {
        if (builder != null) {
            builder.setAttribute(key, value);
        } else {
            span.setAttribute(key, value);
        }
    }
}
