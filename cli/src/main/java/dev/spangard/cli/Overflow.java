// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.settings.Settings;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

/**
 * Counts how many measurements have no series of their own, because their instrument had as many as {@value
 * Settings#CARDINALITY_LIMIT} lets it: the count of its overflow series. Histograms are counted, as the others' values
 * are no counts; an instrument without any is left out.
 *
 * <p>One use, one thread.
 */
final class Overflow {
    /** The label that Prometheus has for {@code otel.metric.overflow}. */
    private static final String LABEL = "otel_metric_overflow";

    private final CounterSnapshot.Builder counter = CounterSnapshot.builder()
            .name("spangard_metric_overflow_measurements")
            .help("Measurements beyond the instrument's cardinality limit, all in one series");

    /**
     * Adds the overflow of one service.
     *
     * @param families of one service, each once
     */
    void add(Labels service, MetricSnapshots families) {
        for (MetricSnapshot family : families) {
            if (family instanceof HistogramSnapshot histogram) {
                // A sum: an application may have chosen the attribute, beside others, itself.
                long measurements = histogram.getDataPoints().stream()
                        .filter(point -> "true".equals(point.getLabels().get(LABEL)))
                        .mapToLong(HistogramSnapshot.HistogramDataPointSnapshot::getCount)
                        .sum();
                if (measurements > 0) {
                    Labels labels =
                            service.add("instrument", family.getMetadata().getPrometheusName());
                    counter.dataPoint(new CounterDataPointSnapshot(measurements, labels, null, 0));
                }
            }
        }
    }

    CounterSnapshot snapshot() {
        return counter.build();
    }
}
