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
import java.util.Collection;
import java.util.function.Function;

/**
 * Stands before the SDK's log processor, whose queue counts records and not what they hold, 20 KB with a long stack
 * trace. It lets in so many records, and so many bytes of the memory that spans wait in too; what it refuses is counted
 * as the SDK counts what finds its queue full. Thread-safe: records come from any thread, answers on the exporter's.
 */
final class LogGate implements LogRecordProcessor {
    /** How many bytes a record holds beside its texts. */
    private static final int OBJECTS_BYTES = 500;

    private static final Attributes QUEUE_FULL = Attributes.of(
            AttributeKey.stringKey("error.type"), "queue_full",
            AttributeKey.stringKey("otel.component.type"), "batching_log_processor");

    private final int capacity;
    private final MemoryLimit memory;
    private final LongCounter processed;
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
        this.processed = meters.get(ServiceAccounts.INSTRUMENTATION_SCOPE)
                .counterBuilder("otel.sdk.processor.log.processed")
                .setUnit("{log_record}")
                .setDescription("Log records that found the queue full.")
                .build();
        this.queue = queue.apply(new Counted(exporter));
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

    /** Gives back the memory of records that have been exported. */
    private final class Counted implements LogRecordExporter {
        private final LogRecordExporter exporter;

        Counted(LogRecordExporter exporter) {
            this.exporter = exporter;
        }

        @Override
        public CompletableResultCode export(Collection<LogRecordData> records) {
            return exporter.export(records).whenComplete(() -> give(records));
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
