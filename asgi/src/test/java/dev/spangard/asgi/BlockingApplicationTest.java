// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

final class BlockingApplicationTest {
    private static final HttpScope SCOPE = HttpScope.builder("GET", "/").build();
    private static final Receive REQUEST = () -> CompletableFuture.completedFuture(new HttpReceiveEvent.Request());
    private static final Receive NEVER = CompletableFuture::new;

    private final List<SendEvent> sent = new CopyOnWriteArrayList<>();
    private final Send send = event -> {
        sent.add(event);
        return Send.SENT;
    };

    @Test
    void answersOnAVirtualThread() throws Exception {
        CompletableFuture<Boolean> virtual = new CompletableFuture<>();
        AsgiApplication application = AsgiApplication.blocking((scope, receive, send) -> {
            virtual.complete(Thread.currentThread().isVirtual());
            if (receive.receive() instanceof HttpReceiveEvent.Request) {
                send.send(new HttpSendEvent.ResponseStart(204, Headers.EMPTY));
                send.send(new HttpSendEvent.ResponseBody(ByteBuffer.allocate(0)));
            }
        });

        await(application, REQUEST, send);

        assertThat(virtual.get()).isTrue();
        assertThat(sent).extracting(SendEvent::type).containsExactly("http.response.start", "http.response.body");
    }

    @Test
    void waitsForTheServer() throws Exception {
        CompletableFuture<ReceiveEvent> request = new CompletableFuture<>();
        AsgiApplication application = AsgiApplication.blocking((scope, receive, send) -> receive.receive());
        CompletableFuture<Void> called =
                application.call(SCOPE, () -> request, send).toCompletableFuture();

        assertThat(called.isDone()).isFalse();
        request.complete(new HttpReceiveEvent.Request());
        called.get(10, TimeUnit.SECONDS);
    }

    @Test
    void failsWithWhatTheHandlerThrows() {
        Exception thrown = new Exception("no stock");
        AsgiApplication application = AsgiApplication.blocking((scope, receive, send) -> {
            throw thrown;
        });

        assertThatThrownBy(() -> await(application, REQUEST, send))
                .isInstanceOf(ExecutionException.class)
                .hasCause(thrown);
    }

    @Test
    void throwsWhatTheServerFailedWith() {
        ClientDisconnectedException gone = new ClientDisconnectedException("the client is gone");
        AsgiApplication application = AsgiApplication.blocking(
                (scope, receive, send) -> send.send(new HttpSendEvent.ResponseStart(200, Headers.EMPTY)));

        assertThatThrownBy(() -> await(application, REQUEST, event -> CompletableFuture.failedFuture(gone)))
                .isInstanceOf(ExecutionException.class)
                .hasCause(gone);
    }

    @Test
    void interruptsTheHandlerWhenItIsCancelled() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CompletableFuture<Throwable> interrupted = new CompletableFuture<>();
        AsgiApplication application = AsgiApplication.blocking((scope, receive, send) -> {
            running.countDown();
            try {
                receive.receive();
            } catch (InterruptedException e) {
                interrupted.complete(e);
            }
        });
        CompletableFuture<Void> called = application.call(SCOPE, NEVER, send).toCompletableFuture();
        assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();

        called.cancel(true);

        assertThat(interrupted.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void runsWhereItIsTold() throws Exception {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        AsgiApplication application = AsgiApplication.blocking(
                        (scope, receive, send) -> thread.complete(Thread.currentThread()))
                .on(Runnable::run);

        await(application, REQUEST, send);

        assertThat(thread.get()).isSameAs(Thread.currentThread());
    }

    @Test
    void decoratesEachTaskOnTheCallersThread() throws Exception {
        List<String> order = new CopyOnWriteArrayList<>();
        AsgiApplication application = AsgiApplication.blocking((scope, receive, send) -> order.add("handler"))
                .decorating(task -> {
                    order.add(Thread.currentThread().isVirtual() ? "virtual" : "caller");
                    return () -> {
                        order.add("before");
                        task.run();
                    };
                });

        await(application, REQUEST, send);

        assertThat(order).containsExactly("caller", "before", "handler");
    }

    @Test
    void failsWhenItsExecutorTakesNothing() {
        AsgiApplication application = AsgiApplication.blocking((scope, receive, send) -> {})
                .on(task -> {
                    throw new RejectedExecutionException("full");
                });

        assertThatThrownBy(() -> await(application, REQUEST, send))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(RejectedExecutionException.class);
    }

    private static void await(AsgiApplication application, Receive receive, Send send)
            throws InterruptedException, ExecutionException, TimeoutException {
        application.call(SCOPE, receive, send).toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
