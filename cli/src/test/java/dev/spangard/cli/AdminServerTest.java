// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdminServerTest {
    private final AtomicBoolean ready = new AtomicBoolean(true);
    private final HttpClient client = HttpClient.newHttpClient();
    private AdminServer server = start();

    private AdminServer start() {
        try {
            return AdminServer.start(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ready::get, AdminServerTest::metrics);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static MetricSnapshots metrics() {
        var exemplar = Exemplar.builder()
                .value(1)
                .labels(Labels.of("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"))
                .build();
        return MetricSnapshots.of(CounterSnapshot.builder()
                .name("requests")
                .dataPoint(new CounterDataPointSnapshot(3, Labels.EMPTY, exemplar, 0))
                .build());
    }

    private HttpResponse<String> send(String method, String path, String accept) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        return client.send(
                HttpRequest.newBuilder(uri)
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .header("Accept", accept)
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @BeforeEach
    void becomeReady() {
        ready.set(true);
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Test
    void isAliveWhetherReadyOrNot() throws Exception {
        assertThat(send("GET", "/readyz", "*/*").statusCode()).isEqualTo(200);
        ready.set(false);
        assertThat(send("GET", "/readyz", "*/*").statusCode()).isEqualTo(503);
        assertThat(send("GET", "/livez", "*/*").statusCode()).isEqualTo(200);
    }

    @Test
    void writesPrometheusTextForWhoAsksForNothingElse() throws Exception {
        HttpResponse<String> response = send("GET", "/metrics", "*/*");

        assertThat(response.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
        assertThat(response.body()).contains("requests_total 3.0").doesNotContain("trace_id", "# EOF");
    }

    @Test
    void writesOpenMetricsWithExemplarsForWhoAcceptsThem() throws Exception {
        HttpResponse<String> response =
                send("GET", "/metrics", "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.3");

        assertThat(response.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("application/openmetrics-text"));
        assertThat(response.body())
                .contains("requests_total 3.0 # {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"} 1.0")
                .endsWith("# EOF\n");
    }

    @Test
    void answersHeadWithoutABodyAndRefusesOtherMethodsAndPaths() throws Exception {
        HttpResponse<String> head = send("HEAD", "/metrics", "*/*");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(send("POST", "/metrics", "*/*").statusCode()).isEqualTo(405);
        assertThat(send("GET", "/", "*/*").statusCode()).isEqualTo(404);
    }

    @Test
    void anAddressThatIsTakenIsAnError() {
        assertThatThrownBy(() -> AdminServer.start(server.address(), ready::get, AdminServerTest::metrics))
                .isInstanceOf(IOException.class);
    }
}
