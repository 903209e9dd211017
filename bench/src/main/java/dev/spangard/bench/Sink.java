// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/** An OTLP http/protobuf collector on loopback that counts spans and keeps nothing. */
final class Sink implements AutoCloseable {
    /** ExportTraceServiceRequest.resource_spans, ResourceSpans.scope_spans, ScopeSpans.spans: opentelemetry-proto 1.x. */
    private static final int[] PATH_TO_SPANS = {1, 2, 2};

    private final HttpServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(2);
    private final AtomicLong spans = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();

    Sink() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::receive);
        server.start();
    }

    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    long spans() {
        return spans.get();
    }

    long bytes() {
        return bytes.get();
    }

    private void receive(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, -1);
            if (exchange.getRequestURI().getPath().equals("/v1/traces")) {
                bytes.addAndGet(body.length);
                spans.addAndGet(count(body, 0, body.length, 0));
            }
        }
    }

    /** Messages at the end of {@link #PATH_TO_SPANS}, found without decoding what is beside them. */
    private static int count(byte[] body, int from, int to, int depth) {
        if (depth == PATH_TO_SPANS.length) {
            return 1;
        }
        int found = 0;
        int at = from;
        while (at < to) {
            int tag = body[at++];
            if ((tag & 7) != 2) {
                throw new IllegalStateException("not an ExportTraceServiceRequest");
            }
            int length = 0;
            for (int shift = 0; ; shift += 7) {
                byte part = body[at++];
                length |= (part & 0x7f) << shift;
                if (part >= 0) {
                    break;
                }
            }
            if (tag >> 3 == PATH_TO_SPANS[depth]) {
                found += count(body, at, at + length, depth + 1);
            }
            at += length;
        }
        return found;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdown();
    }
}
