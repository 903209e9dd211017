// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import java.time.Duration;
import java.util.Collection;

/**
 * Exports log records by an exporter of the SDK's, and logs its failures as {@link ReportingMetricExporter} does.
 *
 * @param exporter closed with this one
 * @param failures this exporter's alone
 * @param timeout of one attempt
 */
record ReportingLogRecordExporter(LogRecordExporter exporter, ExportFailureLog failures, Duration timeout)
        implements LogRecordExporter {
    @Override
    public CompletableResultCode export(Collection<LogRecordData> records) {
        return failures.watched(exporter.export(records), timeout);
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
