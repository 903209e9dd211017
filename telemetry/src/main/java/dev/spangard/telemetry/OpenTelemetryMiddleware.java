// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.BlockingApplication;
import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.Scope;
import dev.spangard.asgi.Send;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Records every HTTP request and WebSocket of an application, in the {@code stable} profile (docs/telemetry.md); an
 * application itself. A lifespan is passed on untouched.
 *
 * <p>The request's span is current ({@link Context#current()}) while the application is called, in what it does when a
 * stage of {@code receive} or {@code send} completes, and on the virtual threads of {@link AsgiApplication#blocking}. What
 * it hands to executors of its own is for {@link Context#taskWrapping} to follow.
 *
 * <p>Thread-safe. It never waits, and passes on every event and every failure as they are: what fails in telemetry is logged
 * and costs the request nothing. When the stage that {@link #call} returns is complete, the request's telemetry is made.
 */
public final class OpenTelemetryMiddleware implements AsgiApplication {
    private static final Logger LOG = System.getLogger(OpenTelemetryMiddleware.class.getName());

    private final AsgiApplication application;
    private final Telemetry telemetry;
    private final TextMapPropagator propagator;
    private final @Nullable Predicate<String> excluded;
    private final OpenExchange.Recording recording;

    OpenTelemetryMiddleware(AsgiApplication application, MiddlewareBuilder options) {
        this.application = application instanceof BlockingApplication blocking
                ? blocking.decorating(task -> Context.current().wrap(task))
                : application;
        this.telemetry = Telemetry.create(options.openTelemetry, options.telemetry);
        this.propagator = options.openTelemetry.getPropagators().getTextMapPropagator();
        this.excluded = options.excluded();
        this.recording = new OpenExchange.Recording(
                new ScopeReader(options.requestCapture(), options.responseCapture()), options.hooks(), options.clock);
    }

    /**
     * Returns {@code application} with each of its requests recorded, with all options at their defaults.
     *
     * @param openTelemetry gives tracers, meters and propagators; not closed here
     */
    public static OpenTelemetryMiddleware wrap(AsgiApplication application, OpenTelemetry openTelemetry) {
        return builder(openTelemetry).wrap(application);
    }

    /**
     * Returns a builder of middleware with other options.
     *
     * @param openTelemetry gives tracers, meters and propagators; not closed here
     */
    public static MiddlewareBuilder builder(OpenTelemetry openTelemetry) {
        return new MiddlewareBuilder(openTelemetry);
    }

    /**
     * Names the route that serves the current request: the attribute {@code http.route}, the name of its span and the
     * series of its measurements. For routers; an application without one needs not call it.
     *
     * @param template as the client sees it, with the mounts it is below: {@code /shop/items/{item_id}}
     */
    public static void route(String template) {
        route(Context.current(), template);
    }

    /**
     * Names the route of a request whose context is at hand but not current, as {@link #route(String)} does. Without a
     * request in it, it does nothing.
     */
    public static void route(Context context, String template) {
        OpenExchange open = context.get(OpenExchange.KEY);
        if (open != null) {
            open.route(template);
        }
    }

    /**
     * Adds attributes of the application's own to the measurements of the current request, sampled or not. Each set of
     * values is a series, so few and bounded ones. Those of the conventions stay as they are. May be called repeatedly;
     * without a current request it does nothing.
     */
    public static void metricAttributes(Attributes attributes) {
        metricAttributes(Context.current(), attributes);
    }

    /**
     * Adds attributes to the measurements of a request whose context is at hand but not current, as {@link
     * #metricAttributes(Attributes)} does.
     */
    public static void metricAttributes(Context context, Attributes attributes) {
        OpenExchange open = context.get(OpenExchange.KEY);
        if (open != null) {
            open.measuredWith(attributes);
        }
    }

    @Override
    public CompletionStage<Void> call(Scope scope, Receive receive, Send send) {
        OpenExchange open = scope instanceof ConnectionScope connection ? open(connection, receive, send) : null;
        if (open == null) {
            return application.call(scope, receive, send);
        }
        CompletionStage<Void> returned;
        var current = open.inside().makeCurrent();
        try {
            returned = application.call(scope, open, open);
        } catch (Throwable failure) {
            open.end(failure);
            throw failure;
        } finally {
            current.close();
        }
        return open.endWith(returned);
    }

    /** Opens the exchange of a request; null if it is not to be recorded, or cannot be. */
    private @Nullable OpenExchange open(ConnectionScope scope, Receive receive, Send send) {
        try {
            Context outer = Context.current();
            if (isExcluded(scope) || OpenExchange.isOf(outer, scope)) {
                return null;
            }
            Clock clock = recording.clock();
            long startNanoTime = clock.nanoTime();
            Exchange exchange = telemetry.exchange(recording.scopes().request(scope), clock.epochNanos(startNanoTime));
            Context parent = propagator.extract(outer, scope, ScopeGetter.INSTANCE);
            return new OpenExchange(recording, exchange, startNanoTime, parent, scope, receive, send);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "A request is not recorded", e);
            return null;
        }
    }

    private boolean isExcluded(ConnectionScope scope) {
        return excluded != null && excluded.test(recording.scopes().url(scope));
    }
}
