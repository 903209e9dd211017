// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpReceiveEvent;
import dev.spangard.asgi.HttpSendEvent;
import dev.spangard.asgi.LifespanReceiveEvent;
import dev.spangard.asgi.LifespanSendEvent;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.ReceiveEvent;
import dev.spangard.asgi.Send;
import dev.spangard.asgi.SendEvent;
import dev.spangard.asgi.WebSocketReceiveEvent;
import dev.spangard.asgi.WebSocketSendEvent;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request while it runs: stands between the application and the server, and tells its {@link Exchange} what passes and
 * when.
 *
 * <p>What telemetry throws, errors of others' processors and hooks included, is logged and goes no further: a request that
 * waits for its end would wait for ever. The application may receive on one thread and send on another: what is told is told under a lock, which is never held
 * while others' code runs.
 */
final class OpenExchange implements Receive, Send {
    /** In the context of the application. */
    static final ContextKey<OpenExchange> KEY = ContextKey.named("spangard-request");

    /** Bytes of a body sent whole for which the server does not wait for the client: handing it over is sending it. */
    private static final int WRITTEN_AT_ONCE = 65_536;

    private static final Logger LOG = System.getLogger(OpenTelemetryMiddleware.class.getName());

    private final ConnectionScope scope;
    private final Receive receive;
    private final Send send;
    private final Recording recording;
    private final long startNanoTime;
    private final Context inside;
    private final Span span;
    private final @Nullable String name;

    /** Also the lock of the fields below. */
    private final Exchange exchange;

    private boolean ended;
    private boolean responseStarted;
    /** More bodies than one, or trailers: what ends the response is not the first body. */
    private boolean streams;

    private boolean trailers;
    /** Of the response, once it has started. */
    private @Nullable Headers headers;

    /** What all requests of one middleware have in common. */
    record Recording(ScopeReader scopes, Hooks hooks, Clock clock) {}

    /** @param startNanoTime the clock's at the start of the exchange */
    OpenExchange(
            Recording recording,
            Exchange exchange,
            long startNanoTime,
            Context parent,
            ConnectionScope scope,
            Receive receive,
            Send send) {
        this.recording = recording;
        this.exchange = exchange;
        this.startNanoTime = startNanoTime;
        this.scope = scope;
        this.receive = receive;
        this.send = send;
        Context opened = exchange.open(parent);
        this.span = Span.fromContext(opened);
        this.inside = opened.with(KEY, this);
        this.name = recording.hooks.started(span, scope);
    }

    /** Whether this request is being recorded already: its headers are the same object in scopes derived from one. */
    @SuppressWarnings("ReferenceEquality")
    static boolean isOf(Context context, ConnectionScope scope) {
        OpenExchange live = context.get(KEY);
        return live != null && live.scope.headers() == scope.headers();
    }

    /** What is current while the application runs. */
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

    // --- Messages -------------------------------------------------------------------------------------------------

    @Override
    public CompletionStage<ReceiveEvent> receive() {
        CompletionStage<ReceiveEvent> stage = receive.receive();
        if (isDone(stage)) {
            if (failureOf(stage) == null) {
                received(stage.toCompletableFuture().join());
            }
            return stage;
        }
        return follow(stage, this::received);
    }

    @Override
    public CompletionStage<Void> send(SendEvent event) {
        boolean completes = sending(event);
        CompletionStage<Void> stage = send.send(event);
        if (isDone(stage)) {
            if (completes && failureOf(stage) == null) {
                taken();
            }
            return stage;
        }
        return follow(stage, completes ? sent -> taken() : sent -> {});
    }

    /** A stage of another class may be complete and not say so; it is followed. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isDone(CompletionStage<?> stage) {
        return stage == SENT
                || (stage.getClass() == CompletableFuture.class && ((CompletableFuture<?>) stage).isDone());
    }

    /** What the application does next is done with the request's context current. */
    private <T> CompletionStage<T> follow(CompletionStage<T> stage, Consumer<? super T> told) {
        Followed<T> followed = new Followed<>(stage);
        stage.whenComplete((value, failure) -> {
            if (failure == null) {
                told.accept(value);
            }
            var current = inside.makeCurrent();
            try {
                followed.complete(value, failure);
            } finally {
                current.close();
            }
        });
        return followed;
    }

    /** In place of a stage of the server or the application; cancelling it cancels that one. */
    private static final class Followed<T> extends CompletableFuture<T> {
        private final CompletionStage<T> stage;

        Followed(CompletionStage<T> stage) {
            this.stage = stage;
        }

        void complete(@Nullable T value, @Nullable Throwable failure) {
            if (failure == null) {
                complete(value);
            } else {
                completeExceptionally(failure);
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            stage.toCompletableFuture().cancel(mayInterruptIfRunning);
            return super.cancel(mayInterruptIfRunning);
        }

        @Override
        public <U> CompletableFuture<U> newIncompleteFuture() {
            return new CompletableFuture<>();
        }
    }

    private void received(ReceiveEvent event) {
        try {
            synchronized (exchange) {
                if (!ended) {
                    tell(event, exchange.conversation());
                }
            }
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "An event was not recorded", e);
        }
        recording.hooks.received(span, scope, event);
    }

    private void tell(ReceiveEvent event, Conversation into) {
        switch (event) {
            case HttpReceiveEvent.Request request ->
                into.requestBody(request.body().remaining());
            case HttpReceiveEvent.Disconnect gone -> {
                foretell(into);
                into.left(now());
            }
            case WebSocketReceiveEvent.Text message -> into.messageReceived(now(), true, Utf8.length(message.text()));
            case WebSocketReceiveEvent.Binary message ->
                into.messageReceived(now(), false, message.bytes().remaining());
            case WebSocketReceiveEvent.Disconnect gone -> into.disconnected(gone.code(), gone.reason());
            case WebSocketReceiveEvent.Connect connect -> {}
            case LifespanReceiveEvent lifespan -> {}
        }
    }

    /** Whether the response is complete when the server has taken this. */
    private boolean sending(SendEvent event) {
        recording.hooks.sending(span, scope, event);
        try {
            synchronized (exchange) {
                return !ended && tell(event, exchange.conversation());
            }
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "An event was not recorded", e);
            return false;
        }
    }

    private boolean tell(SendEvent event, Conversation into) {
        return switch (event) {
            case HttpSendEvent http -> tellHttp(http, into);
            case WebSocketSendEvent websocket -> {
                tellWebSocket(websocket, into);
                yield false;
            }
            case LifespanSendEvent lifespan -> false;
        };
    }

    private boolean tellHttp(HttpSendEvent event, Conversation into) {
        switch (event) {
            case HttpSendEvent.ResponseStart start -> {
                started(start.status(), into);
                headers = start.headers();
                if (start.trailers()) {
                    streams = true;
                    trailers = true;
                }
                exchange.responseHeaders(recording.scopes.captured(start.headers()));
            }
            case HttpSendEvent.ResponseBody body -> {
                return tellBody(body.body().remaining(), body.moreBody(), into);
            }
            case HttpSendEvent.ResponseTrailers last -> {
                if (!last.moreTrailers()) {
                    into.responseBody(now(), 0, true);
                    return true;
                }
            }
            case HttpSendEvent.PathSend file -> {
                foretell(into);
                into.responseBody(now(), Conversation.UNKNOWN, true);
                return true;
            }
            case HttpSendEvent.ZeroCopySend file -> {
                foretell(into);
                into.responseBody(now(), file.count(), !file.moreBody());
                return !file.moreBody();
            }
            case HttpSendEvent.Push push -> {}
            case HttpSendEvent.EarlyHint hint -> {}
            case HttpSendEvent.Debug debug -> {}
        }
        return false;
    }

    /** Apart from the other events, so that this and they are small enough for the compiler to take in. */
    private boolean tellBody(int size, boolean more, Conversation into) {
        if (more) {
            if (!streams) {
                streams = true;
                foretell(into);
            }
            into.responseBody(now(), size, false);
            return false;
        }
        if (!streams) {
            into.responseBody(now(), size, true);
            return size > WRITTEN_AT_ONCE;
        }
        into.responseBody(now(), size, !trailers);
        return !trailers;
    }

    /** What the headers of the response say of its body, where something may come in between. */
    private void foretell(Conversation into) {
        if (headers != null) {
            BodyFacts.tell(headers, trailers, into);
        }
    }

    private void tellWebSocket(WebSocketSendEvent event, Conversation into) {
        switch (event) {
            case WebSocketSendEvent.Accept accept -> {
                into.accepted(accept.subprotocol());
                exchange.responseHeaders(recording.scopes.captured(accept.headers()));
            }
            case WebSocketSendEvent.Text message -> into.messageSent(now(), true, Utf8.length(message.text()));
            case WebSocketSendEvent.Binary message ->
                into.messageSent(now(), false, message.bytes().remaining());
            case WebSocketSendEvent.Close close -> into.closed(close.code(), close.reason());
            case WebSocketSendEvent.DenialStart denial -> {
                started(denial.status(), into);
                exchange.responseHeaders(recording.scopes.captured(denial.headers()));
            }
            case WebSocketSendEvent.DenialBody body ->
                into.responseBody(now(), body.body().remaining(), !body.moreBody());
        }
    }

    /** The server refuses a second start. */
    private void started(int status, Conversation into) {
        into.responseStarted();
        if (!responseStarted) {
            responseStarted = true;
            into.status(status);
        }
    }

    private void taken() {
        try {
            synchronized (exchange) {
                if (!ended) {
                    exchange.conversation().responseTaken(now());
                }
            }
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "An event was not recorded", e);
        }
    }

    /** The start's time of day, and what has passed since: a clock that is set meanwhile changes no duration. */
    private long now() {
        return exchange.startNanos + (recording.clock.nanoTime() - startNanoTime);
    }

    // --- The end --------------------------------------------------------------------------------------------------

    /**
     * Ends when this stage does.
     *
     * @return a stage that completes as that one does, but not before all is told
     */
    CompletionStage<Void> endWith(CompletionStage<Void> returned) {
        if (isDone(returned)) {
            end(failureOf(returned));
            return returned;
        }
        Followed<Void> followed = new Followed<>(returned);
        returned.whenComplete((nothing, failure) -> {
            end(failure);
            followed.complete(null, failure);
        });
        return followed;
    }

    /** Of a stage that is done; null if it did not fail. */
    private static @Nullable Throwable failureOf(CompletionStage<?> done) {
        return done.getClass() == CompletableFuture.class && ((CompletableFuture<?>) done).isCompletedExceptionally()
                ? done.handle((nothing, failure) -> failure)
                        .toCompletableFuture()
                        .join()
                : null;
    }

    /** The application returned, or failed with this. */
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
                foretell(exchange.conversation());
            }
            exchange.close(exchange.asksForItsEnd() ? now() : exchange.startNanos);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "A request was not recorded", e);
        }
    }
}
