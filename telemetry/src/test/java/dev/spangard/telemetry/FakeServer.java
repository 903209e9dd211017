// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.ReceiveEvent;
import dev.spangard.asgi.Scope;
import dev.spangard.asgi.Send;
import dev.spangard.asgi.SendEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server driven by hand: gives the events that were put in, and keeps what it is sent. */
final class FakeServer implements Receive, Send {
    final List<SendEvent> sent = new CopyOnWriteArrayList<>();
    /** The stage of the next receive if no event was put in. */
    CompletableFuture<ReceiveEvent> pending = new CompletableFuture<>();
    /** What send returns. */
    CompletionStage<Void> taking = Send.SENT;

    private final Deque<ReceiveEvent> events = new ArrayDeque<>();

    FakeServer(ReceiveEvent... events) {
        this.events.addAll(List.of(events));
    }

    @Override
    public CompletionStage<ReceiveEvent> receive() {
        ReceiveEvent event = events.poll();
        return event == null ? pending : CompletableFuture.completedFuture(event);
    }

    @Override
    public CompletionStage<Void> send(SendEvent event) {
        sent.add(event);
        return taking;
    }

    CompletionStage<Void> call(AsgiApplication application, Scope scope) {
        return application.call(scope, this, this);
    }
}
