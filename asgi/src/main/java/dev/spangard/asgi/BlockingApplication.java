// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An application in blocking style, each call a task of its own. Made by {@link AsgiApplication#blocking}.
 *
 * <p>Immutable; the methods that change something return another one.
 */
public final class BlockingApplication implements AsgiApplication {
    private static final Executor VIRTUAL_THREADS =
            runnable -> Thread.ofVirtual().name("asgi").start(runnable);

    private final Handler handler;
    private final Executor executor;
    private final UnaryOperator<Runnable> decorator;

    BlockingApplication(Handler handler) {
        this(handler, VIRTUAL_THREADS, UnaryOperator.identity());
    }

    private BlockingApplication(Handler handler, Executor executor, UnaryOperator<Runnable> decorator) {
        this.handler = handler;
        this.executor = executor;
        this.decorator = decorator;
    }

    /** An application's code that may block. The application writes one. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Serves one scope, on a thread that does nothing else meanwhile.
         *
         * @throws Exception anything: the application has failed
         */
        void handle(Scope scope, BlockingReceive receive, BlockingSend send) throws Exception;
    }

    /** {@link Receive} for a thread that may wait. */
    @FunctionalInterface
    public interface BlockingReceive {
        /**
         * Waits for the next event.
         *
         * @throws IOException if there will not be one any more
         */
        ReceiveEvent receive() throws IOException, InterruptedException;
    }

    /** {@link Send} for a thread that may wait. */
    @FunctionalInterface
    public interface BlockingSend {
        /**
         * Hands one event to the server, and waits until that is ready for more.
         *
         * @throws ClientDisconnectedException if the client is gone
         * @throws IllegalStateException if the event is not allowed now
         */
        void send(SendEvent event) throws IOException, InterruptedException;
    }

    /**
     * Returns the same application, run by this executor instead of on virtual threads. The executor stays the
     * caller's, who shuts it down; a call that it rejects completes with that failure.
     */
    public BlockingApplication on(Executor executor) {
        return new BlockingApplication(handler, executor, decorator);
    }

    /**
     * Returns the same application, with each call's task given to {@code decorator} first, on the thread that calls
     * {@link #call}. Middleware uses it where something is bound to that thread which the task needs, too.
     */
    public BlockingApplication decorating(UnaryOperator<Runnable> decorator) {
        UnaryOperator<Runnable> inner = this.decorator;
        return new BlockingApplication(handler, executor, task -> decorator.apply(inner.apply(task)));
    }

    @Override
    public CompletionStage<Void> call(Scope scope, Receive receive, Send send) {
        Call call = new Call();
        try {
            executor.execute(decorator.apply(() -> call.run(handler, scope, receive, send)));
        } catch (RejectedExecutionException e) {
            call.completeExceptionally(e);
        }
        return call;
    }

    /** One call; cancelling it interrupts its thread. */
    private static final class Call extends CompletableFuture<Void> {
        private final Object lock = new Object();
        /** The thread that runs the handler, guarded by {@link #lock}; null while the handler does not run. */
        private @Nullable Thread thread;

        void run(Handler handler, Scope scope, Receive receive, Send send) {
            synchronized (lock) {
                if (isDone()) {
                    return;
                }
                thread = Thread.currentThread();
            }
            try {
                handler.handle(scope, () -> await(receive.receive()), event -> await(send.send(event)));
                end();
                complete(null);
            } catch (Throwable t) {
                end();
                completeExceptionally(t);
            }
        }

        private void end() {
            synchronized (lock) {
                thread = null;
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            synchronized (lock) {
                if (cancelled && thread != null) {
                    thread.interrupt();
                }
            }
            return cancelled;
        }

        /** Stages that code derives from this one are ordinary ones. */
        @Override
        public <U> CompletableFuture<U> newIncompleteFuture() {
            return new CompletableFuture<>();
        }
    }

    private static <T> T await(CompletionStage<T> stage) throws IOException, InterruptedException {
        try {
            return stage.toCompletableFuture().get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException unchecked -> throw unchecked;
                case Error error -> throw error;
                case null, default -> throw new CompletionException(e.getCause());
            }
        }
    }
}
