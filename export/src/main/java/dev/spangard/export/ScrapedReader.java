// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.Data;
import io.opentelemetry.sdk.metrics.data.DoubleExemplarData;
import io.opentelemetry.sdk.metrics.data.HistogramData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.export.CollectionRegistration;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads a service's metrics for Prometheus: the library's reader, before which whatever it would refuse is written as
 * Prometheus has it ({@link PrometheusLabels}). Series that only OpenTelemetry tells apart get a label
 * {@code duplicate} that numbers them. Only histograms have attributes of the application's. Thread-safe, as the
 * library's is; the admin endpoint's threads call it.
 */
public final class ScrapedReader implements MetricReader {
    private static final Logger LOG = System.getLogger(ScrapedReader.class.getName());

    private final PrometheusMetricReader reader;
    private final Resource resource;

    /**
     * Wraps the library's reader, which it shuts down.
     *
     * @param resource the resource of all its metrics
     */
    public ScrapedReader(PrometheusMetricReader reader, Resource resource) {
        this.reader = reader;
        this.resource = Resource.create(PrometheusLabels.writable(resource.getAttributes()));
    }

    /** Collects the metrics of this instant. Never throws: what one service has may not cost the others' metrics. */
    public MetricSnapshots collect() {
        try {
            return reader.collect();
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the metrics of a service cannot be written for Prometheus", e);
            return MetricSnapshots.of();
        }
    }

    @Override
    public void register(CollectionRegistration registration) {
        reader.register(new CollectionRegistration() {
            @Override
            public Collection<MetricData> collectAllMetrics() {
                return registration.collectAllMetrics().stream()
                        .<MetricData>map(metric -> new Written(metric, resource, written(metric)))
                        .toList();
            }
        });
    }

    private static Data<?> written(MetricData metric) {
        if (metric.getType() != MetricDataType.HISTOGRAM) {
            return metric.getData();
        }
        HistogramData histogram = metric.getHistogramData();
        Set<Map<String, String>> series =
                HashSet.newHashSet(histogram.getPoints().size());
        List<HistogramPointData> points = new ArrayList<>(histogram.getPoints().size());
        for (HistogramPointData point : histogram.getPoints()) {
            Map<String, String> labels = PrometheusLabels.of(point.getAttributes());
            boolean isExact = PrometheusLabels.areExact(point.getAttributes(), labels);
            for (int n = 2; !series.add(labels); n++) {
                isExact = false;
                labels = new HashMap<>(labels);
                labels.put("duplicate", Integer.toString(n));
            }
            points.add(isExact ? point : new WrittenPoint(point, attributes(labels)));
        }
        return HistogramData.create(histogram.getAggregationTemporality(), points);
    }

    private static Attributes attributes(Map<String, String> labels) {
        AttributesBuilder attributes = Attributes.builder();
        labels.forEach(attributes::put);
        return attributes.build();
    }

    @Override
    public CompletableResultCode forceFlush() {
        return reader.forceFlush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return reader.shutdown();
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
        return reader.getAggregationTemporality(type);
    }

    private record Written(MetricData metric, Resource resource, Data<?> data) implements MetricData {
        @Override
        public Resource getResource() {
            return resource;
        }

        @Override
        public InstrumentationScopeInfo getInstrumentationScopeInfo() {
            return metric.getInstrumentationScopeInfo();
        }

        @Override
        public String getName() {
            return metric.getName();
        }

        @Override
        public String getDescription() {
            return metric.getDescription();
        }

        @Override
        public String getUnit() {
            return metric.getUnit();
        }

        @Override
        public MetricDataType getType() {
            return metric.getType();
        }

        @Override
        public Data<?> getData() {
            return data;
        }
    }

    private record WrittenPoint(HistogramPointData point, Attributes labels) implements HistogramPointData {
        @Override
        public Attributes getAttributes() {
            return labels;
        }

        @Override
        public long getStartEpochNanos() {
            return point.getStartEpochNanos();
        }

        @Override
        public long getEpochNanos() {
            return point.getEpochNanos();
        }

        @Override
        public double getSum() {
            return point.getSum();
        }

        @Override
        public long getCount() {
            return point.getCount();
        }

        @Override
        public boolean hasMin() {
            return point.hasMin();
        }

        @Override
        public double getMin() {
            return point.getMin();
        }

        @Override
        public boolean hasMax() {
            return point.hasMax();
        }

        @Override
        public double getMax() {
            return point.getMax();
        }

        @Override
        public List<Double> getBoundaries() {
            return point.getBoundaries();
        }

        @Override
        public List<Long> getCounts() {
            return point.getCounts();
        }

        @Override
        public List<DoubleExemplarData> getExemplars() {
            return point.getExemplars();
        }
    }
}
