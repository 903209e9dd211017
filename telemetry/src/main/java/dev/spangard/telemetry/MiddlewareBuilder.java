// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.ConnectionScope;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Options of {@link OpenTelemetryMiddleware}: what the constructor of the Python class takes, by names alike. Its providers
 * are the {@link OpenTelemetry} here.
 *
 * <p>Callables given here run on the application's threads. What one throws is an event on the request's span and nothing
 * else. Not thread-safe; may make any number of middlewares.
 */
public final class MiddlewareBuilder {
    final OpenTelemetry openTelemetry;
    TelemetryOptions telemetry = TelemetryOptions.DEFAULTS;
    Clock clock = new SystemClock();

    private List<String> excludedUrls = List.of();
    private @Nullable Function<ConnectionScope, SpanDetails> spanDetails;
    private @Nullable BiConsumer<Span, ConnectionScope> onRequest;
    private @Nullable ReceiveHook onReceive;
    private @Nullable SendHook onSend;
    private List<String> requestHeaders = List.of();
    private List<String> responseHeaders = List.of();
    private List<String> sanitizedFields = List.of();
    private Set<Direction> excludedSpans = EnumSet.noneOf(Direction.class);

    MiddlewareBuilder(OpenTelemetry openTelemetry) {
        this.openTelemetry = openTelemetry;
    }

    /**
     * Requests that are not recorded.
     *
     * @param expressions regular expressions, looked for anywhere in {@code scheme://host/path}
     * @throws IllegalArgumentException if one is none
     */
    public MiddlewareBuilder excludedUrls(String... expressions) {
        excludedUrls = checked("excludedUrls", List.of(expressions));
        return this;
    }

    /** Name and attributes for each request's span. */
    public MiddlewareBuilder defaultSpanDetails(Function<ConnectionScope, SpanDetails> details) {
        spanDetails = details;
        return this;
    }

    /** Called with the span before the application is. */
    public MiddlewareBuilder serverRequestHook(BiConsumer<Span, ConnectionScope> hook) {
        onRequest = hook;
        return this;
    }

    /** Called after each event is received, before the application has it. */
    public MiddlewareBuilder clientRequestHook(ReceiveHook hook) {
        onReceive = hook;
        return this;
    }

    /** Called before each event is sent. */
    public MiddlewareBuilder clientResponseHook(SendHook hook) {
        onSend = hook;
        return this;
    }

    /**
     * Request headers to capture.
     *
     * @param expressions regular expressions that must match a header's whole name, case ignored
     * @throws IllegalArgumentException if one is none
     */
    public MiddlewareBuilder captureRequestHeaders(Collection<String> expressions) {
        requestHeaders = checked("captureRequestHeaders", expressions);
        return this;
    }

    /** Response headers to capture, as {@link #captureRequestHeaders}. */
    public MiddlewareBuilder captureResponseHeaders(Collection<String> expressions) {
        responseHeaders = checked("captureResponseHeaders", expressions);
        return this;
    }

    /**
     * Captured headers whose values are {@code [REDACTED]}.
     *
     * @param expressions regular expressions, looked for anywhere in a header's name, case ignored
     * @throws IllegalArgumentException if one is none
     */
    public MiddlewareBuilder sanitizeFields(Collection<String> expressions) {
        sanitizedFields = checked("sanitizeFields", expressions);
        return this;
    }

    /** Directions whose hook is not called. The {@code stable} profile has no spans of single events. */
    public MiddlewareBuilder excludeSpans(Direction... directions) {
        excludedSpans = EnumSet.noneOf(Direction.class);
        excludedSpans.addAll(List.of(directions));
        return this;
    }

    /** What may be told and how much of it. */
    public MiddlewareBuilder options(TelemetryOptions options) {
        telemetry = options;
        return this;
    }

    MiddlewareBuilder clock(Clock clock) {
        this.clock = clock;
        return this;
    }

    /** {@code application} recorded. */
    public OpenTelemetryMiddleware wrap(AsgiApplication application) {
        return new OpenTelemetryMiddleware(application, this);
    }

    /** Name and attributes for a span. */
    public record SpanDetails(String name, Attributes attributes) {}

    /** Which way an event goes. */
    public enum Direction {
        /** To the application. */
        RECEIVE,
        /** From the application. */
        SEND
    }

    Hooks hooks() {
        return new Hooks(
                spanDetails,
                onRequest,
                excludedSpans.contains(Direction.RECEIVE) ? null : onReceive,
                excludedSpans.contains(Direction.SEND) ? null : onSend);
    }

    @Nullable
    HeaderCapture requestCapture() {
        return HeaderCapture.of(requestHeaders, sanitizedFields);
    }

    @Nullable
    HeaderCapture responseCapture() {
        return HeaderCapture.of(responseHeaders, sanitizedFields);
    }

    @Nullable
    Predicate<String> excluded() {
        return excludedUrls.isEmpty()
                ? null
                : Pattern.compile(String.join("|", excludedUrls)).asPredicate();
    }

    /** Empty expressions are nothing, as in the variables of the environment. */
    private static List<String> checked(String option, Collection<String> expressions) {
        List<String> good = new ArrayList<>();
        for (String expression : expressions) {
            try {
                Pattern.compile(expression);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(
                        option + ": \"" + expression + "\" is not a regular expression: " + e.getDescription(), e);
            }
            if (!expression.isBlank()) {
                good.add(expression.strip());
            }
        }
        return List.copyOf(good);
    }
}
