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
     * Leaves requests unrecorded.
     *
     * @param expressions regular expressions, looked for anywhere in {@code scheme://host/path}
     * @return this
     * @throws IllegalArgumentException if one is none
     */
    public MiddlewareBuilder excludedUrls(String... expressions) {
        excludedUrls = checked("excludedUrls", List.of(expressions));
        return this;
    }

    /**
     * Sets a function that gives name and attributes to each request's span.
     *
     * @param details called once for each recorded request, before its application is
     * @return this
     */
    public MiddlewareBuilder defaultSpanDetails(Function<ConnectionScope, SpanDetails> details) {
        spanDetails = details;
        return this;
    }

    /**
     * Sets a hook that is called with the span before the application is.
     *
     * @return this
     */
    public MiddlewareBuilder serverRequestHook(BiConsumer<Span, ConnectionScope> hook) {
        onRequest = hook;
        return this;
    }

    /**
     * Sets a hook that is called after each event is received, before the application has it.
     *
     * @return this
     */
    public MiddlewareBuilder clientRequestHook(ReceiveHook hook) {
        onReceive = hook;
        return this;
    }

    /**
     * Sets a hook that is called before each event is sent.
     *
     * @return this
     */
    public MiddlewareBuilder clientResponseHook(SendHook hook) {
        onSend = hook;
        return this;
    }

    /**
     * Sets which request headers are captured.
     *
     * @param expressions regular expressions that must match a header's whole name, case ignored
     * @return this
     * @throws IllegalArgumentException if one is none
     */
    public MiddlewareBuilder captureRequestHeaders(Collection<String> expressions) {
        requestHeaders = checked("captureRequestHeaders", expressions);
        return this;
    }

    /**
     * Sets which response headers are captured, as {@link #captureRequestHeaders} does.
     *
     * @return this
     */
    public MiddlewareBuilder captureResponseHeaders(Collection<String> expressions) {
        responseHeaders = checked("captureResponseHeaders", expressions);
        return this;
    }

    /**
     * Sets which captured headers have {@code [REDACTED]} as their value.
     *
     * @param expressions regular expressions, looked for anywhere in a header's name, case ignored
     * @return this
     * @throws IllegalArgumentException if one is none
     */
    public MiddlewareBuilder sanitizeFields(Collection<String> expressions) {
        sanitizedFields = checked("sanitizeFields", expressions);
        return this;
    }

    /**
     * Leaves out the hooks of these directions. The {@code stable} profile has no spans of single events.
     *
     * @return this
     */
    public MiddlewareBuilder excludeSpans(Direction... directions) {
        excludedSpans = EnumSet.noneOf(Direction.class);
        excludedSpans.addAll(List.of(directions));
        return this;
    }

    /**
     * Sets what is recorded and how much of it.
     *
     * @return this
     */
    public MiddlewareBuilder options(TelemetryOptions options) {
        telemetry = options;
        return this;
    }

    MiddlewareBuilder clock(Clock clock) {
        this.clock = clock;
        return this;
    }

    /**
     * Returns {@code application} with each of its requests recorded. Calls are passed on as they come; the builder may
     * be used further.
     */
    public OpenTelemetryMiddleware wrap(AsgiApplication application) {
        return new OpenTelemetryMiddleware(application, this);
    }

    /** The name and the attributes that the user's function gives to a span. */
    public record SpanDetails(String name, Attributes attributes) {}

    /** Which way an event goes. */
    public enum Direction {
        /** The event goes to the application. */
        RECEIVE,
        /** The event comes from the application. */
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

    /** Checks expressions and copies them. Empty ones are nothing, as in the variables of the environment. */
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
