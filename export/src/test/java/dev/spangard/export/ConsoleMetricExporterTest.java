// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.time.TestClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The golden file is {@code MetricsData.to_json()} of the OpenTelemetry SDK for Python 1.45, for the same measurements.
 */
class ConsoleMetricExporterTest {
    @Test
    void writesWhatPythonWrites() throws Exception {
        var reader = InMemoryMetricReader.create();
        try (var provider = SdkMeterProvider.builder()
                .setClock(TestClock.create(Instant.ofEpochSecond(1_700_000_000)))
                .setResource(Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), "shop")))
                .registerMetricReader(reader)
                .build()) {
            var meter = provider.meterBuilder("spangard")
                    .setInstrumentationVersion("0.1.0")
                    .setSchemaUrl("https://opentelemetry.io/schemas/1.45.0")
                    .build();
            meter.upDownCounterBuilder("a.active")
                    .setUnit("{request}")
                    .setDescription("Active")
                    .build()
                    .add(2);
            meter.histogramBuilder("b.duration")
                    .setUnit("s")
                    .setDescription("Duration")
                    .setExplicitBucketBoundariesAdvice(List.of(0.5, 1.0))
                    .build()
                    .record(0.25, Attributes.of(AttributeKey.stringKey("http.route"), "/"));
            meter.counterBuilder("c.count")
                    .setUnit("1")
                    .setDescription("N")
                    .build()
                    .add(3);
            List<MetricData> metrics = reader.collectAllMetrics().stream()
                    .sorted(Comparator.comparing(MetricData::getName))
                    .toList();

            assertThat(ConsoleMetricExporter.json(metrics) + "\n")
                    .isEqualTo(Files.readString(Path.of("src/test/golden/metrics.json")));
        }
    }
}
