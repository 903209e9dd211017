// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static dev.spangard.telemetry.Requests.end;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ExchangeMeasurementsTest {
    private static final long MS = 1_000_000;
    private final Collector collector = new Collector();

    @Test
    void measuresTheSameDurationAsTheSpans() {
        end(collector.plain(200), START + 50 * MS);

        HistogramPointData duration = collector.duration();
        assertThat(duration.getSum()).isEqualTo(0.012);
        assertThat(duration.getCount()).isEqualTo(1);
        assertThat(duration.getBoundaries())
                .containsExactly(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0);
        assertThat(duration.getAttributes())
                .isEqualTo(Attributes.builder()
                        .put("http.request.method", "GET")
                        .put("url.scheme", "http")
                        .put("http.response.status_code", 200)
                        .put("network.protocol.version", "1.1")
                        .build());
        assertThat(collector
                        .histogram("http.server.request.body.size")
                        .getFirst()
                        .getSum())
                .isEqualTo(3);
        assertThat(collector
                        .histogram("http.server.response.body.size")
                        .getFirst()
                        .getSum())
                .isEqualTo(17);
    }

    @Test
    void keepsAnExemplarOfASampledRequestOnly() {
        end(collector.plain(200), START + 50 * MS);
        collector.plain(200).endUnsampled(START + 50 * MS);

        SpanData span = collector.span();
        HistogramPointData duration = collector.duration();
        assertThat(duration.getCount()).isEqualTo(2);
        assertThat(duration.getExemplars())
                .singleElement()
                .extracting(exemplar -> exemplar.getSpanContext().getSpanId())
                .isEqualTo(span.getSpanId());
    }

    @Test
    void measuresSchemesThatNobodyKnowsAsOne() {
        for (String scheme : List.of("gopher", "x-1", "x-2")) {
            end(collector.telemetry.exchange(Requests.host(scheme, "example.org", null), START), START);
        }
        assertThat(collector.duration().getAttributes().get(AttributeKey.stringKey("url.scheme")))
                .isEqualTo("_OTHER");
        assertThat(collector.spans.getFinishedSpanItems())
                .extracting(span -> span.getAttributes().get(AttributeKey.stringKey("url.scheme")))
                .containsExactly("gopher", "x-1", "x-2");
    }

    @Test
    void keepsSeriesApartByRouteStatusAndError() {
        for (String route : List.of("/a", "/b")) {
            for (int status : new int[] {200, 500}) {
                for (int times = 0; times < 3; times++) {
                    Exchange exchange = collector.plain(status);
                    exchange.route(route);
                    end(exchange, START);
                }
            }
        }

        assertThat(collector.histogram("http.server.request.duration"))
                .hasSize(4)
                .allSatisfy(point -> assertThat(point.getCount()).isEqualTo(3))
                .allSatisfy(point -> assertThat(point.getSum()).isCloseTo(0.036, within(1e-12)));
    }

    @Test
    void countsAnActiveRequestUntilItEnds() {
        Attributes series = Attributes.builder()
                .put("http.request.method", "GET")
                .put("url.scheme", "http")
                .build();
        Exchange exchange = collector.plain(200);
        exchange.activate();
        exchange.activate();
        assertThat(collector.active(series)).isEqualTo(1);

        end(exchange, START);
        assertThat(collector.active(series)).isZero();
    }

    @Test
    void showsTheActiveSeriesForShortRequestsToo() {
        end(collector.plain(200), START);

        assertThat(collector.active(Attributes.builder()
                        .put("http.request.method", "GET")
                        .put("url.scheme", "http")
                        .build()))
                .isZero();
    }
}
