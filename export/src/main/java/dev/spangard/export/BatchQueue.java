// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.export.RetryingExport.ExportResult;
import io.opentelemetry.sdk.common.CompletableResultCode;
import org.jspecify.annotations.Nullable;

/**
 * Batches items and hands them to one {@link Outlet}, by tasks of an {@link Agenda} of its own. At every moment
 *
 * <pre>items added = ended + kept + lost + queued + at the exporter</pre>
 *
 * as its {@link ExportOutcomeListener} is told. A batch that was not delivered for a reason that may pass is tried
 * again ({@link RetryingExport}) while the others wait behind it. That is why it is not one of the SDK's batch
 * processors, which forget what is queued when a shutdown takes too long, and count as failed what their exporter
 * delivers late.
 *
 * <p>It is put together of what waits ({@link BoundedQueue}), who waits for a flush ({@link PendingFlushes}), what is
 * booked ({@link BatchBooks}), the tries of the batch under way, and one {@link ShutdownDeadline} for all of them. Here
 * is only when a batch is taken, and the order in which all ends.
 *
 * <p>Any thread may call it: {@link #add} never blocks on the exporter nor throws. It takes a short lock, and drops the
 * item when the queue is full, by its capacity or by the {@link MemoryLimit} that all queues share.
 *
 * @param <W> the form in which an item waits
 */
final class BatchQueue<W> {
    private final String title;
    private final Agenda agenda;
    private final Outlet<W> outlet;
    private final BatchQueueOptions options;
    private final ShutdownDeadline deadline = new ShutdownDeadline();
    private final PendingFlushes flushes = new PendingFlushes(deadline);
    private final BoundedQueue<W> waiting;
    private final BatchBooks books;
    private final RetryingExport exports;
    private final CompletableResultCode closed = new CompletableResultCode();
    // The agenda's own.
    /** The batch at the exporter; null between two. */
    private @Nullable BatchDelivery current;
    /** Rings when what waits has waited long enough; null if nothing waits. */
    private Agenda.@Nullable Entry alarm;

    private long dueNanos;
    private boolean ended;

    /**
     * Makes an empty queue.
     *
     * @param title in the log
     * @param agenda this queue's alone: it closes it
     * @param outlet this queue's alone: it shuts it down
     * @param memory shared with the engine's other queues
     */
    BatchQueue(
            String title,
            Agenda agenda,
            Outlet<W> outlet,
            BatchQueueOptions options,
            MemoryLimit memory,
            ExportOutcomeListener outcomes) {
        this.title = title;
        this.agenda = agenda;
        this.outlet = outlet;
        this.options = options;
        this.waiting = new BoundedQueue<>(options, memory, deadline);
        this.books = new BatchBooks(waiting, outcomes, deadline);
        this.exports = new RetryingExport(
                new ExportFailureLog(title + outlet.destination(), outlet.item()),
                options.retry(),
                options.exportTimeout(),
                agenda,
                deadline);
    }

    /** How many items wait for a batch. */
    int queued() {
        return waiting.size();
    }

    /**
     * Queues an item, or books that there was no room for it.
     *
     * @param counted as what it is in the books
     */
    void add(W item, Counts counted) {
        switch (waiting.offer(item, outlet.bytes(item), counted)) {
            case WAITS -> {}
            case WAKES -> agenda.soon(this::proceed);
            case FULL -> books.refused(counted, ExportOutcome.QUEUE_FULL);
            case CLOSED -> books.refused(counted, ExportOutcome.SHUTDOWN);
        }
    }

    /** Done when all that is queued now has been exported, or given up; what comes later waits for its own batch. */
    CompletableResultCode forceFlush() {
        CompletableResultCode flushed = flushes.add(waiting.added());
        if (flushed == null) {
            return closed;
        }
        agenda.soon(this::proceed);
        return flushed;
    }

    /** Exports what is queued within the shutdown timeout, abandons the rest, shuts the outlet down. */
    CompletableResultCode shutdown() {
        if (exports.close(agenda.nanoTime() + options.shutdownTimeout().toNanos())) {
            agenda.soon(this::proceed);
        }
        return closed;
    }

    /**
     * Does what there is to do now, and sets the alarm for what is to be done later. Nothing while a batch is at the
     * exporter.
     */
    private void proceed() {
        if (current != null || ended) {
            return;
        }
        flushes.complete(waiting.taken());
        long now = agenda.nanoTime();
        boolean closing = deadline.isSet();
        boolean isEmpty = waiting.size() == 0;
        if (closing && (isEmpty || deadline.isOver(now))) {
            end();
        } else if (!isEmpty) {
            Agenda.Entry waits = alarm == null ? waitFrom(now) : alarm;
            if (closing || flushes.exist() || waiting.hasBatch() || now - dueNanos >= 0) {
                waits.cancel();
                alarm = null;
                deliver(waiting.take());
            }
        }
    }

    private Agenda.Entry waitFrom(long now) {
        dueNanos = now + options.delay().toNanos();
        Agenda.Entry set = agenda.at(dueNanos, this::proceed);
        alarm = set;
        return set;
    }

    private void deliver(Batch<W> batch) {
        var delivery = new BatchDelivery(batch);
        current = delivery;
        books.starts(batch);
        exports.deliver(delivery);
    }

    /** The batch under way. */
    private final class BatchDelivery implements RetryingExport.Delivery {
        private final Batch<W> batch;
        private boolean kept;

        BatchDelivery(Batch<W> batch) {
            this.batch = batch;
        }

        @Override
        public CompletableResultCode attempt() {
            Outlet.Handed handed = outlet.export(batch.items(), batch.counts());
            kept = handed.kept();
            return handed.result();
        }

        @Override
        public boolean givesWay() {
            return waiting.needsRoom();
        }

        @Override
        public void ended(ExportResult result) {
            books.ended(batch, result, kept);
            goOn();
        }

        @Override
        public void unanswered() {
            goOn();
        }

        @Override
        public void answeredLate(ExportResult result) {
            books.ended(batch, result, kept);
        }

        private void goOn() {
            current = null;
            agenda.soon(BatchQueue.this::proceed);
        }
    }

    private void end() {
        ended = true;
        books.close(waiting.takeAll()).log(title, outlet);
        flushes.completeAll();
        outlet.shutdown(deadline.nanoTime()).whenComplete(closed::succeed);
        agenda.close();
    }
}
