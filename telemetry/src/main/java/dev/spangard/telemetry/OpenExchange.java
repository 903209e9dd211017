// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.ReceiveEvent;
import dev.spangard.asgi.Send;
import dev.spangard.asgi.SendEvent;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One request while it is open: stands between the application and the server, and has its {@link Exchange} recorded by an
 * {@link EventRecorder}.
 *
 * <p>What telemetry throws, errors of others' processors and hooks included, is logged and goes no further: a request that
 * waits for its end would wait for ever. The application may receive on one thread and send on another: events are recorded
 * under a lock, which is never held while others' code runs.
 */
final class OpenExchange implements Receive, Send {
    /** The key of this exchange in the context of the application. */
    static final ContextKey<OpenExchange> KEY = ContextKey.named("spangard-request");

    private static final Logger LOG = System.getLogger(OpenTelemetryMiddleware.class.getName());

    private final ConnectionScope scope;
    private final Receive receive;
    private final Send send;
    private final Hooks hooks;
    private final Context inside;
    private final Span span;
    /** The name that a hook asked for, which a route does not replace; null if none did. */
    private final @Nullable String name;

    /** The exchange, which is also the lock of the fields below. */
    private final Exchange exchange;

    private final EventRecorder events;
    private boolean ended;

    /** What all requests of one middleware have in common. */
    record Recording(ScopeReader scopes, Hooks hooks, Clock clock) {}

    /**
     * Opens the exchange and calls the hooks of its begin.
     *
     * @param startNanoTime the clock's at the start of the exchange
     */
    OpenExchange(
            Recording recording,
            Exchange exchange,
            long startNanoTime,
            Context parent,
            ConnectionScope scope,
            Receive receive,
            Send send) {
        this.hooks = recording.hooks;
        this.exchange = exchange;
        this.events = new EventRecorder(exchange, recording.scopes, recording.clock, startNanoTime);
        this.scope = scope;
        this.receive = receive;
        this.send = send;
        Context opened = exchange.open(parent);
        this.span = Span.fromContext(opened);
        this.inside = opened.with(KEY, this);
        this.name = hooks.started(span, scope);
    }

    /** Whether this request is being recorded already: its headers are the same object in scopes derived from one. */
    @SuppressWarnings("ReferenceEquality")
    static boolean isOf(Context context, ConnectionScope scope) {
        OpenExchange open = context.get(KEY);
        return open != null && open.scope.headers() == scope.headers();
    }

    /** Returns the context that is current while the application runs. */
    Context inside() {
        return inside;
    }

    void route(String template) {
        synchronized (exchange) {
            if (!ended) {
                exchange.route(template);
            }
        }
        if (name != null) {
            span.updateName(name);
        }
    }

    void measuredWith(Attributes attributes) {
        synchronized (exchange) {
            if (!ended) {
                exchange.measuredWith(attributes);
            }
        }
    }

    @Override
    public CompletionStage<ReceiveEvent> receive() {
        CompletionStage<ReceiveEvent> stage = receive.receive();
        if (ContextFuture.isDone(stage)) {
            if (ContextFuture.failureOf(stage) == null) {
                received(stage.toCompletableFuture().join());
            }
            return stage;
        }
        return ContextFuture.following(stage, inside, this::received);
    }

    @Override
    public CompletionStage<Void> send(SendEvent event) {
        boolean completes = sending(event);
        CompletionStage<Void> stage = send.send(event);
        if (ContextFuture.isDone(stage)) {
            if (completes && ContextFuture.failureOf(stage) == null) {
                taken();
            }
            return stage;
        }
        return ContextFuture.following(stage, inside, completes ? sent -> taken() : sent -> {});
    }

    private void received(ReceiveEvent event) {
        try {
            synchronized (exchange) {
                if (!ended) {
                    events.received(event);
                }
            }
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "An event was not recorded", e);
        }
        hooks.received(span, scope, event);
    }

    /** Records an event, and returns whether the response is complete when the server has taken it. */
    private boolean sending(SendEvent event) {
        hooks.sending(span, scope, event);
        try {
            synchronized (exchange) {
                return !ended && events.sending(event);
            }
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "An event was not recorded", e);
            return false;
        }
    }

    private void taken() {
        try {
            synchronized (exchange) {
                if (!ended) {
                    events.taken();
                }
            }
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "An event was not recorded", e);
        }
    }

    /**
     * Ends the exchange when this stage ends.
     *
     * @return a stage that completes as that one does, but not before the request's telemetry is made
     */
    CompletionStage<Void> endWith(CompletionStage<Void> returned) {
        if (ContextFuture.isDone(returned)) {
            end(ContextFuture.failureOf(returned));
            return returned;
        }
        return ContextFuture.ending(returned, this::end);
    }

    /** Ends the exchange: the application returned, or failed with this. A second end does nothing. */
    void end(@Nullable Throwable thrown) {
        try {
            Failure failure = thrown == null ? null : Failure.of(thrown, span.isRecording());
            synchronized (exchange) {
                if (ended) {
                    return;
                }
                ended = true;
            }
            // From here on nobody else touches the exchange; its span goes to processors, which are others' code.
            if (failure != null) {
                exchange.failed(failure);
            }
            if (exchange.conversation().answer() != AnswerState.SENT) {
                events.recordBodyHeaders();
            }
            exchange.close(exchange.asksForItsEnd() ? events.now() : exchange.startNanos);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "A request was not recorded", e);
        }
    }
}
