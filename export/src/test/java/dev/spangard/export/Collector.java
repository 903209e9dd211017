// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocketFactory;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.Headers;
import okhttp3.Protocol;
import okio.Buffer;
import org.jspecify.annotations.Nullable;

/** A collector at a port of its own that takes everything, over HTTP or gRPC. */
final class Collector implements Closeable {
    private static final long WAIT_SECONDS = 20;

    private final MockWebServer server = new MockWebServer();
    private volatile int status = 200;
    private volatile int grpcStatus;
    private volatile byte[] body = new byte[0];
    private volatile String retryAfter = "";

    private Collector() {
        server.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                boolean grpc = "application/grpc".equals(request.getHeaders().get("content-type"));
                if (grpc) {
                    return grpcStatus == 0 ? grpcOk(body) : grpcRefusal(grpcStatus);
                }
                var answer = new MockResponse.Builder().code(status).body(new Buffer().write(body));
                if (!retryAfter.isEmpty()) {
                    answer.addHeader("retry-after", retryAfter);
                }
                return answer.build();
            }
        });
    }

    /** A message behind its five bytes, and status 0 in the trailers (gRPC over HTTP/2). */
    private static MockResponse grpcOk(byte[] message) {
        return new MockResponse.Builder()
                .addHeader("content-type", "application/grpc")
                .body(new Buffer().writeByte(0).writeInt(message.length).write(message))
                .trailers(Headers.of("grpc-status", "0"))
                .build();
    }

    private static MockResponse grpcRefusal(int code) {
        return new MockResponse.Builder()
                .addHeader("content-type", "application/grpc")
                .addHeader("grpc-status", Integer.toString(code))
                .build();
    }

    static Collector http() throws IOException {
        return new Collector().start();
    }

    /** Clear text HTTP/2, as gRPC without TLS has it. */
    static Collector grpc() throws IOException {
        var collector = new Collector();
        collector.server.setProtocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE));
        return collector.start();
    }

    static Collector https(SSLSocketFactory tls, boolean clientCertificate) throws IOException {
        var collector = new Collector();
        collector.server.useHttps(tls);
        if (clientCertificate) {
            collector.server.requireClientAuth();
        }
        return collector.start();
    }

    private Collector start() throws IOException {
        server.start();
        return this;
    }

    /** What is answered from now on. */
    void answer(int newStatus) {
        status = newStatus;
    }

    /** As {@link #answer(int)}, with a Retry-After. */
    void answer(int newStatus, String newRetryAfter) {
        retryAfter = newRetryAfter;
        status = newStatus;
    }

    /** gRPC's status from now on. */
    void answerGrpc(int code) {
        grpcStatus = code;
    }

    /** What a good answer says from now on. */
    void respondWith(byte[] message) {
        body = message;
    }

    int port() {
        return server.getPort();
    }

    /** The next request that arrived; null if none does in time. */
    @Nullable
    RecordedRequest next() throws InterruptedException {
        return server.takeRequest(WAIT_SECONDS, TimeUnit.SECONDS);
    }

    int requests() {
        return server.getRequestCount();
    }

    @Override
    public void close() {
        server.close();
    }
}
