// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.metrics.data.MetricData;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The measurements of the {@code upstream} profile. */
final class UpstreamMetricsTest extends UpstreamCollector {
    @ParameterizedTest
    @CsvSource({"GET, 200, 11", "HEAD, 200, 0", "GET, 204, 0", "GET, 304, 0", "GET, 199, 0"})
    void measuresNoBodyWhereNoneIsTransferred(String method, int status, double bytes) {
        UpstreamRequest request = new UpstreamRequest(
                PLAIN.kind(),
                false,
                null,
                Attributes.empty(),
                method,
                "http",
                "1.1",
                "/",
                "",
                SERVER,
                CLIENT,
                "",
                null,
                "",
                List.of(),
                0);

        telemetry(SemconvMode.BOTH)
                .exchange(request, START)
                .endUnsampled(result(UpstreamStatus.of(status), null, null));

        assertThat(List.of("http.server.response.size", "http.server.response.body.size"))
                .allSatisfy(name -> assertThat(metric(name)
                                .getHistogramData()
                                .getPoints()
                                .iterator()
                                .next()
                                .getSum())
                        .isEqualTo(bytes));
    }

    @Test
    void measuresInBothModesWithTheirOwnAttributes() {
        UpstreamRequest request = request(
                "GET",
                "/items/5",
                "",
                SERVER,
                "shop.example",
                Attributes.of(AttributeKey.stringKey("http.route"), "/r"));
        UpstreamResult result = new UpstreamResult(
                START + MS,
                START + 120 * MS,
                "/items/{id}",
                UpstreamStatus.of(200),
                5,
                0,
                List.of(),
                null,
                false,
                false,
                null,
                null);

        telemetry(SemconvMode.BOTH).exchange(request, START).endUnsampled(result);

        Map<String, Object> old = Map.of(
                "http.method", "GET",
                "http.host", "127.0.0.1:8000",
                "http.scheme", "http",
                "http.status_code", 200L,
                "http.flavor", "1.1",
                "http.server_name", "shop.example",
                "net.host.port", 8000L,
                "http.target", "/items/{id}");
        Map<String, Object> stable = Map.of(
                "http.request.method", "GET",
                "http.response.status_code", 200L,
                "http.route", "/r",
                "network.protocol.version", "1.1",
                "url.scheme", "http");
        assertHistogram("http.server.duration", "ms", "Measures the duration of inbound HTTP requests.", old, 120);
        assertHistogram(
                "http.server.response.size", "By", "measures the size of HTTP response messages (compressed).", old, 0);
        assertHistogram(
                "http.server.request.size", "By", "Measures the size of HTTP request messages (compressed).", old, 5);
        assertHistogram("http.server.request.duration", "s", "Duration of HTTP server requests.", stable, 0.12);
        assertHistogram("http.server.response.body.size", "By", "Size of HTTP server response bodies.", stable, 0);
        assertHistogram("http.server.request.body.size", "By", "Size of HTTP server request bodies.", stable, 5);
        assertThat(spans.getFinishedSpanItems()).isEmpty();
    }

    @Test
    void countsActiveRequestsByTheNamesOfTheMode() {
        UpstreamExchange exchange = telemetry(SemconvMode.BOTH).exchange(PLAIN, START);
        exchange.activate();

        assertThat(metric("http.server.active_requests").getLongSumData().getPoints())
                .singleElement()
                .satisfies(point -> {
                    assertThat(point.getValue()).isEqualTo(1);
                    assertThat(map(point.getAttributes()))
                            .containsOnlyKeys(
                                    "http.method",
                                    "http.host",
                                    "http.scheme",
                                    "http.flavor",
                                    "http.server_name",
                                    "http.request.method",
                                    "url.scheme");
                });
        exchange.endUnsampled(result(UpstreamStatus.of(200), null, null));
        assertThat(metric("http.server.active_requests").getLongSumData().getPoints())
                .singleElement()
                .satisfies(point -> assertThat(point.getValue()).isZero());
    }

    private void assertHistogram(
            String name, String unit, String description, Map<String, Object> attributes, double sum) {
        MetricData metric = metric(name);
        assertThat(metric.getUnit()).isEqualTo(unit);
        assertThat(metric.getDescription()).isEqualTo(description);
        assertThat(metric.getHistogramData().getPoints()).singleElement().satisfies(point -> {
            assertThat(map(point.getAttributes())).isEqualTo(attributes);
            assertThat(point.getSum()).isEqualTo(sum);
            assertThat(point.getBoundaries()).hasSize(unit.equals("s") ? 14 : 15);
        });
    }
}
