// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Answers {@code /livez}, {@code /readyz} and {@code /metrics} over HTTP. Metrics are OpenMetrics with exemplars for
 * who accepts that, else Prometheus text.
 *
 * <p>The suppliers are called on the server's threads, by several at once.
 */
final class AdminServer implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads;
    private final BooleanSupplier ready;
    private final Supplier<MetricSnapshots> metrics;
    private final ExpositionFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
    private final ExpositionFormatWriter text = PrometheusTextFormatWriter.create();

    private AdminServer(
            HttpServer server, ExecutorService threads, BooleanSupplier ready, Supplier<MetricSnapshots> metrics) {
        this.server = server;
        this.threads = threads;
        this.ready = ready;
        this.metrics = metrics;
    }

    /**
     * Listens at this address.
     *
     * @throws IOException if the address is taken or is not this machine's
     */
    static AdminServer start(InetSocketAddress address, BooleanSupplier ready, Supplier<MetricSnapshots> metrics)
            throws IOException {
        if (address.isUnresolved()) {
            throw new IOException("no such host");
        }
        HttpServer server = HttpServer.create(address, 0);
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        var admin = new AdminServer(server, threads, ready, metrics);
        server.setExecutor(threads);
        server.createContext("/", admin::answer);
        server.start();
        return admin;
    }

    InetSocketAddress address() {
        return server.getAddress();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            if (!method.equals("GET") && !method.equals("HEAD")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                send(exchange, 405, "text/plain; charset=utf-8", "GET or HEAD\n".getBytes(StandardCharsets.UTF_8));
                return;
            }
            switch (exchange.getRequestURI().getPath()) {
                case "/livez" -> sendLine(exchange, 200, "alive");
                case "/readyz" -> {
                    boolean isReady = ready.getAsBoolean();
                    sendLine(exchange, isReady ? 200 : 503, isReady ? "ready" : "not ready");
                }
                case "/metrics" -> metrics(exchange);
                default -> sendLine(exchange, 404, "/livez, /readyz, /metrics");
            }
        }
    }

    /**
     * Answers with the metrics, written while they are made: as one text all the series that peers may make would not
     * fit into the heap.
     */
    private void metrics(HttpExchange exchange) throws IOException {
        List<String> accept = exchange.getRequestHeaders().getOrDefault("Accept", List.of());
        ExpositionFormatWriter writer = accept.stream().anyMatch(openMetrics::accepts) ? openMetrics : text;
        MetricSnapshots told = metrics.get();
        exchange.getResponseHeaders().set("Content-Type", writer.getContentType());
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        exchange.sendResponseHeaders(200, 0); // of a length that is not known
        try (var body = new BufferedOutputStream(exchange.getResponseBody(), 16 << 10)) {
            writer.write(body, told, EscapingScheme.UNDERSCORE_ESCAPING);
        }
    }

    private static void sendLine(HttpExchange exchange, int status, String line) throws IOException {
        send(exchange, status, "text/plain; charset=utf-8", (line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /** Ends the server at once: whoever is in the middle of an answer does without the rest. */
    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
