// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.ServiceAccounts;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.LogRecordProcessor;
import io.opentelemetry.sdk.logs.ReadWriteLogRecord;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.function.Function;

/**
 * Stands before the SDK's log processor, whose queue counts records and not what they hold, 20 KB with a long stack
 * trace. It lets in so many records, and so many bytes of the memory that spans wait in too; what it refuses is counted
 * as the SDK counts what finds its queue full, and what is exported as its exporters would, had they been given meters
 * when they were made. Thread-safe: records come from any thread, answers on the exporter's.
 */
final class LogGate implements LogRecordProcessor {
    /** How many bytes a record holds beside its texts. */
    private static final int OBJECTS_BYTES = 500;

    private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");
    private static final Attributes QUEUE_FULL = Attributes.of(
            ERROR_TYPE, "queue_full", AttributeKey.stringKey("otel.component.type"), "batching_log_processor");

    private final int capacity;
    private final MemoryLimit memory;
    private final LongCounter processed;
    private final LongCounter exported;
    private final LogRecordProcessor queue;
    // Guarded by this.
    private int waiting;
    private long held;

    /**
     * Makes the processor and puts itself before it.
     *
     * @param capacity how many records may wait, those being sent included
     * @param queue makes the processor, which exports by what it is given
     */
    LogGate(
            int capacity,
            MemoryLimit memory,
            MeterProvider meters,
            LogRecordExporter exporter,
            Function<LogRecordExporter, LogRecordProcessor> queue) {
        this.capacity = capacity;
        this.memory = memory;
        this.processed = counter(meters, "otel.sdk.processor.log.processed", "Log records that found the queue full.");
        this.exported = counter(meters, "otel.sdk.exporter.log.exported", "Log records whose export has ended.");
        this.queue = queue.apply(new Counted(exporter));
    }

    private static LongCounter counter(MeterProvider meters, String name, String description) {
        return meters.get(ServiceAccounts.INSTRUMENTATION_SCOPE)
                .counterBuilder(name)
                .setUnit("{log_record}")
                .setDescription(description)
                .build();
    }

    @Override
    public void onEmit(Context context, ReadWriteLogRecord record) {
        if (take(bytes(record.toLogRecordData()))) {
            queue.onEmit(context, record);
        } else {
            processed.add(1, QUEUE_FULL, Context.root());
        }
    }

    private static int bytes(LogRecordData record) {
        int[] bytes = {OBJECTS_BYTES};
        record.getAttributes()
                .forEach((key, value) -> bytes[0] += 2 * value.toString().length());
        return bytes[0];
    }

    private synchronized boolean take(int bytes) {
        if (waiting >= capacity || !memory.take(bytes, held)) {
            return false;
        }
        waiting++;
        held += bytes;
        return true;
    }

    private synchronized void give(Collection<LogRecordData> records) {
        long bytes = 0;
        for (LogRecordData record : records) {
            bytes += bytes(record);
        }
        bytes = Math.min(bytes, held);
        waiting -= Math.min(waiting, records.size());
        held -= bytes;
        memory.give(bytes);
    }

    /** Gives back what the processor has left when it ends. */
    private synchronized void giveAll() {
        memory.give(held);
        held = 0;
        waiting = 0;
    }

    @Override
    public CompletableResultCode forceFlush() {
        return queue.forceFlush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return queue.shutdown().whenComplete(this::giveAll);
    }

    /** With the reason of a failure: the collector's answer, or {@code _OTHER}. */
    private void count(int records, CompletableResultCode result) {
        Attributes how = Attributes.empty();
        if (!result.isSuccess()) {
            String status = ExportException.ofSdk(result.getFailureThrowable(), Duration.ZERO)
                    .status();
            how = Attributes.of(ERROR_TYPE, status == null ? "_OTHER" : status);
        }
        exported.add(records, how, Context.root());
    }

    /** Gives back the memory of records whose export has ended, and counts them. */
    private final class Counted implements LogRecordExporter {
        private final LogRecordExporter exporter;

        Counted(LogRecordExporter exporter) {
            this.exporter = exporter;
        }

        @Override
        public CompletableResultCode export(Collection<LogRecordData> records) {
            CompletableResultCode result = exporter.export(records);
            return result.whenComplete(() -> {
                count(records.size(), result);
                give(records);
            });
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
}
