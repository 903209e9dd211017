// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Puts the metrics of several services together as one valid exposition: each name once, each series once. Services are
 * told apart by their {@code service_name} and {@code service_instance_id}; where these are equal, as when a user has
 * set the instance, the first wins and the others' series get a label {@code duplicate} that numbers them.
 *
 * <p>One use, one thread.
 */
final class Exposition {
    private final Map<String, Family> families = new LinkedHashMap<>();

    private static final class Family {
        private final MetricMetadata metadata;
        private final Class<?> type;
        private final List<DataPointSnapshot> points = new ArrayList<>();
        private final Set<Labels> series = new HashSet<>();

        Family(MetricSnapshot first) {
            this.metadata = first.getMetadata();
            this.type = first.getClass();
        }
    }

    /** Adds families. One of another type than the first of its name is left out: an exposition cannot have both. */
    void add(MetricSnapshots snapshots) {
        for (MetricSnapshot snapshot : snapshots) {
            Family family =
                    families.computeIfAbsent(snapshot.getMetadata().getPrometheusName(), name -> new Family(snapshot));
            if (family.type == snapshot.getClass()) {
                for (DataPointSnapshot point : snapshot.getDataPoints()) {
                    family.points.add(unique(point, family.series));
                }
            }
        }
    }

    MetricSnapshots snapshots() {
        List<MetricSnapshot> merged = new ArrayList<>(families.size());
        for (Family family : families.values()) {
            MetricSnapshot snapshot = merge(family);
            if (snapshot != null) {
                merged.add(snapshot);
            }
        }
        return new MetricSnapshots(merged);
    }

    /**
     * Makes one family. Counters, gauges, histograms and infos are all that the engine's instruments make; null for
     * another.
     */
    private static @Nullable MetricSnapshot merge(Family family) {
        if (family.type == CounterSnapshot.class) {
            return new CounterSnapshot(family.metadata, only(family, CounterDataPointSnapshot.class::cast));
        }
        if (family.type == GaugeSnapshot.class) {
            return new GaugeSnapshot(family.metadata, only(family, GaugeDataPointSnapshot.class::cast));
        }
        if (family.type == HistogramSnapshot.class) {
            return new HistogramSnapshot(family.metadata, only(family, HistogramDataPointSnapshot.class::cast));
        }
        if (family.type == InfoSnapshot.class) {
            return new InfoSnapshot(family.metadata, only(family, InfoDataPointSnapshot.class::cast));
        }
        return null;
    }

    private static <T> List<T> only(Family family, Function<DataPointSnapshot, T> cast) {
        return family.points.stream().map(cast).toList();
    }

    private static DataPointSnapshot unique(DataPointSnapshot point, Set<Labels> series) {
        Labels labels = point.getLabels();
        for (int n = 2; !series.add(labels); n++) {
            labels = point.getLabels().add("duplicate", Integer.toString(n));
        }
        return labels.equals(point.getLabels()) ? point : relabelled(point, labels);
    }

    private static DataPointSnapshot relabelled(DataPointSnapshot point, Labels labels) {
        return switch (point) {
            case CounterDataPointSnapshot counter ->
                new CounterDataPointSnapshot(
                        counter.getValue(), labels, counter.getExemplar(), counter.getCreatedTimestampMillis());
            case GaugeDataPointSnapshot gauge ->
                new GaugeDataPointSnapshot(gauge.getValue(), labels, gauge.getExemplar());
            case HistogramDataPointSnapshot histogram ->
                new HistogramDataPointSnapshot(
                        histogram.getClassicBuckets(),
                        histogram.getSum(),
                        labels,
                        histogram.getExemplars(),
                        histogram.getCreatedTimestampMillis());
            case InfoDataPointSnapshot info -> new InfoDataPointSnapshot(labels);
            default -> point;
        };
    }
}
