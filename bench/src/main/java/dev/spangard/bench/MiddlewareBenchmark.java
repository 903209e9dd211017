// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.bench;

import dev.spangard.asgi.AsgiApplication;
import dev.spangard.asgi.ByteString;
import dev.spangard.asgi.Endpoint;
import dev.spangard.asgi.Headers;
import dev.spangard.asgi.HttpReceiveEvent;
import dev.spangard.asgi.HttpScope;
import dev.spangard.asgi.HttpSendEvent;
import dev.spangard.asgi.Receive;
import dev.spangard.asgi.ReceiveEvent;
import dev.spangard.asgi.Send;
import dev.spangard.telemetry.OpenTelemetryMiddleware;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * {@link OpenTelemetryMiddleware} over an application that answers at once, {@code stable} profile: spans go to a processor
 * that takes them and does nothing, measurements are aggregated and never collected.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MiddlewareBenchmark {
    private static final int SCOPES = 1024;

    private static final HttpSendEvent START =
            new HttpSendEvent.ResponseStart(200, Headers.of("content-type", "text/plain", "content-length", "17"));
    private static final HttpSendEvent BODY =
            new HttpSendEvent.ResponseBody(ByteBuffer.allocate(17).asReadOnlyBuffer());
    private static final CompletionStage<ReceiveEvent> REQUEST =
            CompletableFuture.completedFuture(new HttpReceiveEvent.Request());

    private static final AsgiApplication HELLO = (scope, receive, send) -> {
        send.send(START);
        return send.send(BODY);
    };

    private final HttpScope[] scopes = new HttpScope[SCOPES];
    private final Receive receive = () -> REQUEST;
    private final Send send = event -> Send.SENT;
    private final AsgiApplication sampled = middleware(Sampler.alwaysOn());
    private final AsgiApplication sampledOut = middleware(Sampler.alwaysOff());
    private int next;

    @Setup
    public void scopes() {
        for (int i = 0; i < SCOPES; i++) {
            scopes[i] = HttpScope.builder("GET", "/items/" + i)
                    .rawPath(ByteString.of("/items/" + i))
                    .client(new Endpoint("127.0.0.1", 30_000 + i))
                    .server(new Endpoint("127.0.0.1", 8000))
                    .headers(Headers.of(
                            "host", "localhost:8000",
                            "user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
                            "accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                            "accept-language", "en-US,en;q=0.5",
                            "accept-encoding", "gzip, deflate, br",
                            "cookie", "session=0123456789abcdef",
                            "cache-control", "no-cache",
                            "connection", "keep-alive"))
                    .build();
        }
    }

    @Benchmark
    public CompletionStage<Void> bare() {
        return HELLO.call(scope(), receive, send);
    }

    @Benchmark
    public CompletionStage<Void> sampled() {
        return sampled.call(scope(), receive, send);
    }

    @Benchmark
    public CompletionStage<Void> sampledOut() {
        return sampledOut.call(scope(), receive, send);
    }

    private HttpScope scope() {
        next = (next + 1) & (SCOPES - 1);
        return scopes[next];
    }

    private static AsgiApplication middleware(Sampler sampler) {
        OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .setSampler(sampler)
                        .addSpanProcessor(new TakingProcessor())
                        .build())
                .setMeterProvider(SdkMeterProvider.builder()
                        .registerMetricReader(new IdleReader())
                        .build())
                .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
                .build();
        return OpenTelemetryMiddleware.wrap(HELLO, sdk);
    }
}
