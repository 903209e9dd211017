// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.MemoryMode;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import java.time.Duration;
import java.util.Collection;

/**
 * Exports metrics by an exporter of the SDK's, and logs when that begins to fail and when it exports again, as for
 * spans: what the SDK logs names neither service nor collector, and has no end.
 *
 * @param exporter closed with this one
 * @param failures this exporter's alone
 * @param timeout of one attempt
 */
record ReportingMetricExporter(MetricExporter exporter, ExportFailureLog failures, Duration timeout)
        implements MetricExporter {
    @Override
    public CompletableResultCode export(Collection<MetricData> metrics) {
        return failures.watched(exporter.export(metrics), timeout);
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
        return exporter.getAggregationTemporality(type);
    }

    @Override
    public Aggregation getDefaultAggregation(InstrumentType type) {
        return exporter.getDefaultAggregation(type);
    }

    @Override
    public MemoryMode getMemoryMode() {
        return exporter.getMemoryMode();
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }
}
