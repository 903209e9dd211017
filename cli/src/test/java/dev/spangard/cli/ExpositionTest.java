// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpositionTest {
    private static MetricSnapshots service(String name, String instance, double seconds) {
        var reader = PrometheusMetricReader.builder()
                .setAllowedResourceAttributesFilter(List.of("service.name", "service.instance.id")::contains)
                .setOtelScopeLabelsEnabled(false)
                .build();
        try (var provider = SdkMeterProvider.builder()
                .setResource(Resource.create(Attributes.builder()
                        .put("service.name", name)
                        .put("service.instance.id", instance)
                        .build()))
                .registerMetricReader(reader)
                .build()) {
            var meter = provider.get("test");
            meter.histogramBuilder("http.server.request.duration")
                    .setUnit("s")
                    .setExplicitBucketBoundariesAdvice(List.of(1.0))
                    .build()
                    .record(seconds);
            meter.upDownCounterBuilder("http.server.active_requests").build().add(1);
            return reader.collect();
        }
    }

    private static String text(MetricSnapshots... parts) throws IOException {
        var exposition = new Exposition();
        for (MetricSnapshots part : parts) {
            exposition.add(part);
        }
        var out = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(out, exposition.snapshots(), EscapingScheme.UNDERSCORE_ESCAPING);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void tellsEachNameOnceAndServicesApart() throws IOException {
        String text = text(service("a", "1", 0.5), service("b", "2", 2));

        assertThat(text.lines().filter(line -> line.startsWith("# TYPE http_server_request_duration_seconds ")))
                .hasSize(1);
        assertThat(text)
                .contains(
                        "http_server_request_duration_seconds_bucket{service_instance_id=\"1\",service_name=\"a\",le=\"1.0\"} 1",
                        "http_server_request_duration_seconds_bucket{service_instance_id=\"2\",service_name=\"b\",le=\"1.0\"} 0",
                        "http_server_active_requests{service_instance_id=\"1\",service_name=\"a\"} 1",
                        "target_info{service_instance_id=\"2\",service_name=\"b\"} 1");
    }

    @Test
    void numbersSeriesThatWouldBeTheSame() throws IOException {
        String text = text(service("a", "1", 0.5), service("a", "1", 0.5));

        assertThat(text)
                .contains(
                        "http_server_request_duration_seconds_count{service_instance_id=\"1\",service_name=\"a\"} 1",
                        "http_server_request_duration_seconds_count{duplicate=\"2\",service_instance_id=\"1\",service_name=\"a\"} 1",
                        "target_info{duplicate=\"2\",service_instance_id=\"1\",service_name=\"a\"} 1");
        assertThat(text.lines().filter(line -> !line.startsWith("#")).map(line -> line.replaceFirst(" [^ ]+$", "")))
                .doesNotHaveDuplicates();
    }

    @Test
    void leavesOutAFamilyThatSaysOtherwiseThanTheFirst() throws IOException {
        var counter = CounterSnapshot.builder()
                .name("x")
                .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .value(1)
                        .build())
                .build();
        var gauge = GaugeSnapshot.builder()
                .name("x")
                .dataPoint(
                        GaugeSnapshot.GaugeDataPointSnapshot.builder().value(2).build())
                .build();

        assertThat(text(MetricSnapshots.of(counter), MetricSnapshots.of(gauge)))
                .contains("x_total 1.0")
                .doesNotContain("2.0");
    }
}
