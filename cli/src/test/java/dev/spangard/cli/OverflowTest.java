// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.spangard.export.MetricReaders;
import dev.spangard.settings.Settings;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OverflowTest {
    private static final int LIMIT = 5;
    private static final Labels SERVICE = Labels.of("service_name", "shop");

    private final List<String> warnings = new ArrayList<>();

    private Settings settings(String limit) {
        return new Settings(Map.of("SPANGARD_METRIC_CARDINALITY_LIMIT", limit), warnings::add);
    }

    private static List<CounterDataPointSnapshot> overflow(PrometheusMetricReader reader) {
        var overflow = new Overflow();
        overflow.add(SERVICE, reader.collect());
        return overflow.snapshot().getDataPoints();
    }

    private static void record(DoubleHistogram duration, int route, int times) {
        for (int i = 0; i < times; i++) {
            duration.record(1, Attributes.of(AttributeKey.stringKey("http.route"), "/" + route));
        }
    }

    @Test
    void countsWhatIsBeyondTheLimitFromTheFirstMeasurementOn() {
        PrometheusMetricReader reader = PrometheusMetricReader.create();
        try (SdkMeterProvider meters = SdkMeterProvider.builder()
                .registerMetricReader(reader, MetricReaders.cardinality(settings(Integer.toString(LIMIT))))
                .build()) {
            DoubleHistogram duration =
                    meters.get("test").histogramBuilder("duration").setUnit("s").build();

            // The limit includes the overflow's own series
            for (int route = 1; route < LIMIT; route++) {
                record(duration, route, 3);
            }
            assertThat(overflow(reader)).isEmpty();

            record(duration, LIMIT, 1);
            assertThat(overflow(reader))
                    .extracting(CounterDataPointSnapshot::getLabels, CounterDataPointSnapshot::getValue)
                    .containsExactly(tuple(SERVICE.add("instrument", "duration_seconds"), 1.0));

            record(duration, LIMIT + 1, 2);
            record(duration, 1, 1);
            assertThat(overflow(reader))
                    .extracting(CounterDataPointSnapshot::getValue)
                    .containsExactly(3.0);
        }
    }

    @Test
    void theEnginesOwnBooksAreNotCut() {
        var selector = MetricReaders.cardinality(settings("2"));

        assertThat(selector.getCardinalityLimit(InstrumentType.HISTOGRAM)).isEqualTo(2);
        assertThat(selector.getCardinalityLimit(InstrumentType.UP_DOWN_COUNTER)).isEqualTo(2);
        assertThat(selector.getCardinalityLimit(InstrumentType.OBSERVABLE_COUNTER))
                .isEqualTo(2000);
    }

    @Test
    void anImpossibleLimitIsAWarning() {
        assertThat(MetricReaders.cardinality(settings("1")).getCardinalityLimit(InstrumentType.HISTOGRAM))
                .isEqualTo(2000);
        assertThat(MetricReaders.cardinality(settings("10001")).getCardinalityLimit(InstrumentType.HISTOGRAM))
                .isEqualTo(10_000);
        assertThat(warnings)
                .containsExactly(
                        "SPANGARD_METRIC_CARDINALITY_LIMIT=1 is not a whole number from 2; using 2000",
                        "SPANGARD_METRIC_CARDINALITY_LIMIT=10001 is more than 10000; using 10000");

        MetricReaders.cardinality(settings("10000"));
        assertThat(warnings).hasSize(2);
    }
}
