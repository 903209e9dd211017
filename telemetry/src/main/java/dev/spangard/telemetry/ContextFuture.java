// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.Send;
import io.opentelemetry.context.Context;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands in place of a stage of the server or the application: completes as that one does, but after telemetry has seen it,
 * and with a context current for what depends on it. Cancelling it cancels that one.
 */
final class ContextFuture<T> extends CompletableFuture<T> {
    private final CompletionStage<T> stage;

    private ContextFuture(CompletionStage<T> stage) {
        this.stage = stage;
    }

    /**
     * Follows a stage of the server.
     *
     * @param context current for what the application does next
     * @param seen called with the value, on the thread that completes the stage, before the application has it; not if the
     *     stage fails. Must not throw
     */
    static <T> ContextFuture<T> following(CompletionStage<T> stage, Context context, Consumer<? super T> seen) {
        ContextFuture<T> future = new ContextFuture<>(stage);
        stage.whenComplete((value, failure) -> {
            if (failure == null) {
                seen.accept(value);
            }
            var current = context.makeCurrent();
            try {
                future.complete(value, failure);
            } finally {
                current.close();
            }
        });
        return future;
    }

    /**
     * Follows the stage that an application returned.
     *
     * @param ended called with the failure or null, before the server learns of it. Must not throw
     */
    static ContextFuture<Void> ending(CompletionStage<Void> returned, Consumer<@Nullable Throwable> ended) {
        ContextFuture<Void> future = new ContextFuture<>(returned);
        returned.whenComplete((nothing, failure) -> {
            ended.accept(failure);
            future.complete(null, failure);
        });
        return future;
    }

    /** Whether a stage need not be followed. One of another class may be complete and not say so; it is followed. */
    @SuppressWarnings("ReferenceEquality")
    static boolean isDone(CompletionStage<?> stage) {
        return stage == Send.SENT
                || (stage.getClass() == CompletableFuture.class && ((CompletableFuture<?>) stage).isDone());
    }

    /** Returns the failure of a stage that is done; null if it did not fail. */
    static @Nullable Throwable failureOf(CompletionStage<?> done) {
        return done.getClass() == CompletableFuture.class && ((CompletableFuture<?>) done).isCompletedExceptionally()
                ? done.handle((nothing, failure) -> failure)
                        .toCompletableFuture()
                        .join()
                : null;
    }

    private void complete(@Nullable T value, @Nullable Throwable failure) {
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

    /** Returns a plain future for what depends on this one: cancelling that does not reach the stage. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }
}
