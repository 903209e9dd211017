// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.ReceiveEvent;
import dev.spangard.asgi.Scope;
import dev.spangard.asgi.Send;
import dev.spangard.asgi.SendEvent;
import dev.spangard.intake.GoldenExchange.Step;
import dev.spangard.telemetry.DrivenClock;
import dev.spangard.telemetry.OpenTelemetryMiddleware;
import io.opentelemetry.api.OpenTelemetry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Plays an exchange to the middleware: as its application, its server, and its clock. */
final class LiveRequest implements AsgiApplication, Receive, Send {
    private final GoldenExchange exchange;
    private final DrivenClock clock;
    private CompletableFuture<ReceiveEvent> receiving = new CompletableFuture<>();
    private CompletableFuture<Void> sending = new CompletableFuture<>();

    private LiveRequest(GoldenExchange exchange, DrivenClock clock) {
        this.exchange = exchange;
        this.clock = clock;
    }

    static void play(GoldenExchange exchange, OpenTelemetry telemetry, long startNanos) {
        DrivenClock clock = new DrivenClock(startNanos);
        LiveRequest request = new LiveRequest(exchange, clock);
        AsgiApplication recorded = clock.read(OpenTelemetryMiddleware.builder(telemetry))
                .captureRequestHeaders(List.of("x-team"))
                .captureResponseHeaders(List.of("content-type"))
                .wrap(request);
        recorded.call(exchange.scope(), request, request).exceptionally(failure -> null);
    }

    @Override
    public CompletionStage<Void> call(Scope scope, Receive receive, Send send) {
        for (Step step : exchange.steps()) {
            switch (step) {
                case Step.Received received -> {
                    receiving = new CompletableFuture<>();
                    receive.receive();
                    at(received.got());
                    receiving.complete(received.event());
                }
                case Step.Sent sent -> {
                    at(sent.at());
                    sending = new CompletableFuture<>();
                    send.send(sent.event());
                    at(sent.taken());
                    sending.complete(null);
                }
                case Step.Routed routed -> OpenTelemetryMiddleware.route(routed.template());
                case Step.Raised raised -> {
                    at(raised.at());
                    return CompletableFuture.failedFuture(raised.failure());
                }
                case Step.Returned returned -> at(returned.at());
            }
        }
        return Send.SENT;
    }

    private void at(long units) {
        clock.set(units * GoldenExchange.UNIT_NANOS);
    }

    @Override
    public CompletionStage<ReceiveEvent> receive() {
        return receiving;
    }

    @Override
    public CompletionStage<Void> send(SendEvent event) {
        return sending;
    }
}
