// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What OpenTelemetry tells apart and Prometheus does not costs no series. */
class ScrapedReaderTest {
    private static MetricSnapshots scraped(Attributes resource, List<Attributes> measured) {
        var reader = new ScrapedReader(
                PrometheusMetricReader.builder()
                        .setOtelScopeLabelsEnabled(false)
                        .build(),
                Resource.create(resource));
        try (var meters = SdkMeterProvider.builder()
                .setResource(Resource.create(resource))
                .registerMetricReader(reader)
                .build()) {
            var histogram = meters.get("test").histogramBuilder("duration").build();
            measured.forEach(attributes -> histogram.record(1, attributes));
            return reader.collect();
        }
    }

    private static List<Labels> labels(List<Attributes> measured) {
        return scraped(Attributes.empty(), measured).stream()
                .filter(HistogramSnapshot.class::isInstance)
                .flatMap(snapshot -> ((HistogramSnapshot) snapshot).getDataPoints().stream())
                .map(HistogramDataPointSnapshot::getLabels)
                .toList();
    }

    private static Attributes text(String key, String value) {
        return Attributes.of(AttributeKey.stringKey(key), value);
    }

    static Stream<Arguments> alike() {
        return Stream.of(
                Arguments.of(Attributes.of(AttributeKey.longKey("plan"), 1L), text("plan", "1")),
                Arguments.of(Attributes.of(AttributeKey.booleanKey("plan"), true), text("plan", "true")),
                Arguments.of(text("a.b", "1"), text("a_b", "1")),
                Arguments.of(text("a..b", "1"), text("a_b", "1")),
                Arguments.of(text("_a", "1"), text("a", "1")),
                Arguments.of(text("9a", "1"), text("key_9a", "1")),
                Arguments.of(Attributes.empty(), text("名前", "x")),
                Arguments.of(Attributes.empty(), text("_", "x")),
                Arguments.of(Attributes.empty(), text("plan", "")),
                Arguments.of(Attributes.empty(), text("le", "0.5")),
                Arguments.of(text("exported_quantile", "x"), text("quantile", "x")),
                Arguments.of(text("duplicate", "2"), Attributes.empty()));
    }

    @ParameterizedTest
    @MethodSource("alike")
    void tellsSeriesApartThatPrometheusWritesAlike(Attributes one, Attributes other) {
        assertThat(labels(List.of(one, other, text("ok", "1"))))
                .hasSize(3)
                .doesNotHaveDuplicates()
                .contains(Labels.of("ok", "1"));
    }

    @Test
    void leavesOtherSeriesAsTheyAre() {
        var series = Attributes.builder()
                .put("http.request.method", "GET")
                .put("http.response.status_code", 200)
                .build();
        assertThat(labels(List.of(series)))
                .containsExactly(Labels.of("http_request_method", "GET", "http_response_status_code", "200"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"_", "__", "-", "{", "."})
    void leavesOutOfTheTargetInfoWhatHasNoName(String key) {
        var resource = text(key, "1").toBuilder().put("service.name", "shop").build();
        assertThat(scraped(resource, List.of(text("ok", "1"))).stream()
                        .map(snapshot -> snapshot.getMetadata().getPrometheusName()))
                .contains("duration", "target");
    }

    @Test
    void losesNoSeriesOfRandomOnes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String letters = "ab1_.-éle\u0001 ";
        for (int round = 0; round < 200; round++) {
            var series = new HashSet<Attributes>();
            for (int n = 0; n < 12; n++) {
                var attributes = Attributes.builder();
                for (int k = random.nextInt(3); k >= 0; k--) {
                    var key = new StringBuilder();
                    for (int c = random.nextInt(4); c >= 0; c--) {
                        key.append(letters.charAt(random.nextInt(letters.length())));
                    }
                    switch (random.nextInt(3)) {
                        case 0 -> attributes.put(key.toString(), random.nextInt(2));
                        case 1 -> attributes.put(key.toString(), Integer.toString(random.nextInt(2)));
                        default -> attributes.put(key.toString(), "");
                    }
                }
                series.add(attributes.build());
            }
            assertThat(labels(new ArrayList<>(series)))
                    .as("seed %d, round %d: %s", seed, round, series)
                    .hasSize(series.size())
                    .doesNotHaveDuplicates();
        }
    }
}
