// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.example;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.BlockingApplication.BlockingReceive;
import dev.spangard.asgi.BlockingApplication.BlockingSend;
import dev.spangard.asgi.Endpoint;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpReceiveEvent;
import dev.spangard.asgi.HttpScope;
import dev.spangard.asgi.HttpSendEvent;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.Scope;
import dev.spangard.asgi.Send;
import dev.spangard.telemetry.OpenTelemetryMiddleware;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * An ASGI application in blocking style, wrapped in {@link OpenTelemetryMiddleware} and called with a request made by hand,
 * as a server would call it. Prints the response, then the span.
 */
public final class RecordedShop {
    private RecordedShop() {}

    /** Serves one request. */
    public static void main(String[] args) {
        try (OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(new Printing()))
                        .build())
                .build()) {
            AsgiApplication shop = OpenTelemetryMiddleware.builder(sdk)
                    .excludedUrls("/healthz$")
                    .captureRequestHeaders(List.of("x-team"))
                    .wrap(AsgiApplication.blocking(RecordedShop::handle));

            HttpScope scope = HttpScope.builder("GET", "/items/5")
                    .headers(Headers.of("host", "shop.example", "x-team", "red"))
                    .client(new Endpoint("192.0.2.7", 51234))
                    .build();
            Receive request = () -> CompletableFuture.completedFuture(new HttpReceiveEvent.Request());
            Send response = event -> {
                System.out.println("sent: " + event.type());
                return Send.SENT;
            };
            shop.call(scope, request, response).toCompletableFuture().join();
        }
    }

    /** The application: on a virtual thread, its request's span current. */
    private static void handle(Scope scope, BlockingReceive receive, BlockingSend send)
            throws IOException, InterruptedException {
        if (!(scope instanceof HttpScope http) || !(receive.receive() instanceof HttpReceiveEvent.Request)) {
            return;
        }
        OpenTelemetryMiddleware.route("/items/{item_id}");
        String item = http.path().substring("/items/".length());
        Span.current().setAttribute("shop.item", item);
        ByteBuffer body = ByteBuffer.wrap(("item " + item).getBytes(StandardCharsets.UTF_8));
        send.send(new HttpSendEvent.ResponseStart(200, Headers.of("content-type", "text/plain")));
        send.send(new HttpSendEvent.ResponseBody(body));
    }

    /** Prints spans; a real application has an exporter here. */
    private static final class Printing implements SpanExporter {
        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            for (SpanData span : spans) {
                System.out.println("span: " + span.getName());
                span.getAttributes().forEach((key, value) -> System.out.println("  " + key + " = " + value));
            }
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }
}
