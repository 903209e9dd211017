// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.cli.Courier.Fate;
import dev.spangard.cli.ExportBooks.Outcome;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Batches ended spans and hands them to one outlet, on one thread of its own. At every moment
 *
 * <pre>spans given = ended + lost + queued + at the exporter</pre>
 *
 * as its {@link SpanTally} is told. A batch that was not delivered for a reason that may pass is tried again
 * ({@link Courier}) while the others wait behind it. That is why it is not the SDK's BatchSpanProcessor, which forgets what is queued when
 * a shutdown takes too long, and counts as failed what its exporter delivers late.
 *
 * <p>{@link #onEnd} never blocks on the exporter: it takes a short lock, and drops the span when the queue is full, by its
 * capacity or by the {@link SpanMemory} that all queues share.
 *
 * @param <W> the form in which a span waits
 */
final class SpanQueue<W> implements SpanProcessor {
    /**
     * Of a batch, about; one span may be larger. Collectors take messages of 4 MiB by gRPC unless told otherwise, and
     * whoever sends a message holds it once more.
     */
    static final int MAX_BATCH_BYTES = 3 << 20;

    private static final Logger LOG = System.getLogger("spangard.engine");

    private final SpanOutlet<W> outlet;
    private final SpanQueueOptions options;
    private final SpanMemory memory;
    private final SpanTally tally;
    private final Thread worker;

    private final ReentrantLock lock = new ReentrantLock();
    /** The worker waits here: for a first span, a full batch, a flush, the end. */
    private final Condition work = lock.newCondition();
    // All below is guarded by the lock.
    private final ArrayDeque<Waiting<W>> waiting = new ArrayDeque<>();
    private long waitingBytes;
    /** By spans that wait, and by those at the exporter. */
    private long held;
    /** Whether a span was turned away since the last batch was taken: for its bytes, if there is a place for it. */
    private boolean turnedAway;

    private boolean closing;
    private long closeByNanos;
    /** Done when all that was queued at the time of the request has been exported; null if nobody asked. */
    private @Nullable CompletableResultCode flush;

    private long deliveredAtEnd;
    private long abandoned;
    // The worker's own.
    private long unanswered;
    private final Courier courier;

    private final String title;
    private final CompletableResultCode closed = new CompletableResultCode();

    /**
     * @param title in the log
     * @param name of the thread
     * @param memory shared with the engine's other queues
     */
    SpanQueue(
            String title,
            String name,
            SpanOutlet<W> outlet,
            SpanQueueOptions options,
            SpanMemory memory,
            SpanTally tally) {
        this.title = title;
        this.courier = new Courier(title, options.retry(), options.exportTimeout());
        this.outlet = outlet;
        this.options = options;
        this.memory = memory;
        this.tally = tally;
        this.worker = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    /** @param request whether the span stands for one */
    private record Waiting<W>(W span, int bytes, boolean request) {}

    /** Begins to export. Once. */
    SpanQueue<W> start() {
        worker.start();
        return this;
    }

    /** Spans waiting for a batch. */
    int queued() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /** Takes spans of single messages, which are exported like any but stand for no request. */
    SpanProcessor children() {
        return new Children();
    }

    @Override
    public void onEnd(ReadableSpan span) {
        add(span, true);
    }

    private void add(ReadableSpan ended, boolean request) {
        W span = outlet.prepare(ended.toSpanData());
        int bytes = outlet.bytes(span);
        boolean taken;
        lock.lock();
        try {
            taken = !closing && waiting.size() < options.capacity() && memory.take(bytes, held);
            if (taken) {
                boolean wasBatch = isBatch();
                waiting.add(new Waiting<>(span, bytes, request));
                waitingBytes += bytes;
                held += bytes;
                if (waiting.size() == 1 || (!wasBatch && isBatch())) {
                    work.signal();
                }
            }
            turnedAway |= !taken;
        } finally {
            lock.unlock();
        }
        if (!taken) {
            tally.lost(1, request ? 1 : 0, Outcome.QUEUE_FULL);
        }
    }

    private boolean isBatch() {
        return waiting.size() >= options.batch() || waitingBytes >= MAX_BATCH_BYTES;
    }

    @Override
    public CompletableResultCode forceFlush() {
        lock.lock();
        try {
            if (closing) {
                return closed;
            }
            CompletableResultCode asked = flush;
            if (asked == null) {
                asked = new CompletableResultCode();
                flush = asked;
                work.signal();
            }
            return asked;
        } finally {
            lock.unlock();
        }
    }

    /** Exports what is queued within the shutdown timeout, abandons the rest, shuts the exporter down. */
    @Override
    public CompletableResultCode shutdown() {
        lock.lock();
        try {
            if (!closing) {
                closing = true;
                closeByNanos = System.nanoTime() + options.shutdownTimeout().toNanos();
                courier.close(closeByNanos);
                work.signal();
            }
        } finally {
            lock.unlock();
        }
        return closed;
    }

    private void run() {
        Batch<W> batch = new Batch<>();
        boolean ends = false;
        while (!ends) {
            CompletableResultCode flushed;
            lock.lock();
            try {
                flushed = awaitWork();
                take(batch);
                ends = closing && (waiting.isEmpty() || isLate());
            } finally {
                lock.unlock();
            }
            if (!batch.spans.isEmpty()) {
                export(batch);
                // The exporter may go on reading the list it was given: CompletableResultCode may end after its
                // timeout.
                batch = new Batch<>();
            }
            if (flushed != null) {
                flushRest(flushed);
            }
        }
        abandonRest();
        outlet.shutdown(closeBy()).whenComplete(closed::succeed);
    }

    /** Waits under the lock until a batch is full, its delay is over, or somebody asks; returns the flush asked for. */
    private @Nullable CompletableResultCode awaitWork() {
        while (waiting.isEmpty() && flush == null && !closing) {
            work.awaitUninterruptibly();
        }
        long until = System.nanoTime() + options.delay().toNanos();
        while (!isBatch() && flush == null && !closing && awaitUntil(until)) {}
        CompletableResultCode asked = flush;
        flush = null;
        return asked;
    }

    /** Once, perhaps for no reason: callers loop. False when the time is over. */
    @SuppressWarnings("WaitNotInLoop")
    private boolean awaitUntil(long nanoTime) {
        try {
            return work.awaitNanos(nanoTime - System.nanoTime()) > 0;
        } catch (InterruptedException e) {
            // The thread is ours alone and nobody interrupts it; if somebody did, there is nothing better to do than to
            // end.
            closing = true;
            closeByNanos = System.nanoTime();
            return false;
        }
    }

    private long closeBy() {
        lock.lock();
        try {
            return closeByNanos;
        } finally {
            lock.unlock();
        }
    }

    private boolean isLate() {
        return System.nanoTime() - closeByNanos > 0;
    }

    /** Moves up to a batch out of the queue, under the lock. */
    private void take(Batch<W> batch) {
        Waiting<W> next = waiting.peek();
        while (next != null
                && batch.spans.size() < options.batch()
                && (batch.spans.isEmpty() || batch.bytes + next.bytes <= MAX_BATCH_BYTES)) {
            waiting.remove();
            batch.spans.add(next.span);
            batch.bytes += next.bytes;
            waitingBytes -= next.bytes;
            batch.requests += next.request ? 1 : 0;
            next = waiting.peek();
        }
        turnedAway = false;
    }

    /** What was queued when the flush was asked for; what came since waits for its own batch. */
    private void flushRest(CompletableResultCode flushed) {
        int left = queued();
        while (left > 0) {
            Batch<W> batch = new Batch<>();
            lock.lock();
            try {
                take(batch);
            } finally {
                lock.unlock();
            }
            left = batch.spans.isEmpty() ? 0 : left - batch.spans.size();
            if (!batch.spans.isEmpty()) {
                export(batch);
            }
        }
        flushed.succeed();
    }

    /** What goes to the exporter at once. */
    private static final class Batch<W> {
        final List<W> spans = new ArrayList<>();
        long bytes;
        int requests;
    }

    /** Until the batch's fate is known, or nobody waits for it any more. */
    private void export(Batch<W> batch) {
        tally.starts(batch.spans.size(), batch.requests);
        Fate fate = courier.deliver(
                () -> outlet.export(Collections.unmodifiableList(batch.spans), batch.requests),
                this::isFull,
                late -> book(batch, late));
        if (fate == null) {
            unanswered += batch.spans.size();
        } else {
            book(batch, fate);
        }
    }

    private boolean isFull() {
        lock.lock();
        try {
            return turnedAway || waiting.size() >= options.capacity();
        } finally {
            lock.unlock();
        }
    }

    private void book(Batch<W> batch, Fate fate) {
        release(batch.bytes);
        int spans = batch.spans.size();
        int rejected = fate.rejected(spans);
        Outcome outcome = fate.delivered() ? Outcome.DELIVERED : fate.atEnd() ? Outcome.SHUTDOWN : Outcome.FAILED;
        tally.ended(spans, batch.requests, outcome, rejected);
        lock.lock();
        try {
            if (closing && fate.delivered()) {
                deliveredAtEnd += spans - rejected;
            } else if (fate.atEnd()) {
                abandoned += spans;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Of the memory, what spans held that are gone. */
    private void release(long bytes) {
        lock.lock();
        try {
            held -= bytes;
        } finally {
            lock.unlock();
        }
        memory.give(bytes);
    }

    private void abandonRest() {
        Batch<W> rest = new Batch<>();
        lock.lock();
        try {
            for (Waiting<W> span : waiting) {
                rest.spans.add(span.span);
                rest.requests += span.request ? 1 : 0;
            }
            rest.bytes = waitingBytes;
            waitingBytes = 0;
            waiting.clear();
        } finally {
            lock.unlock();
        }
        release(rest.bytes);
        if (!rest.spans.isEmpty()) {
            tally.lost(rest.spans.size(), rest.requests, Outcome.SHUTDOWN);
        }
        sayEnd(rest.spans.size());
    }

    /** What the shutdown came to, if there was anything left to do. */
    private void sayEnd(int rest) {
        long lost;
        long delivered;
        lock.lock();
        try {
            lost = abandoned + rest;
            delivered = deliveredAtEnd;
        } finally {
            lock.unlock();
        }
        if (lost + unanswered + delivered > 0) {
            Level level = lost + unanswered > 0 ? Level.WARNING : Level.INFO;
            LOG.log(
                    level,
                    () -> title + ": at the end " + outlet.exported() + " " + delivered + " spans, abandoned " + lost
                            + ", " + unanswered + " without an answer");
        }
    }

    @Override
    public void onStart(Context parentContext, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
        return false;
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }

    @Override
    public String toString() {
        return "SpanQueue{" + outlet + '}';
    }

    /** The queue is flushed and shut down by itself. */
    private final class Children implements SpanProcessor {
        @Override
        public void onStart(Context parentContext, ReadWriteSpan span) {}

        @Override
        public boolean isStartRequired() {
            return false;
        }

        @Override
        public void onEnd(ReadableSpan span) {
            add(span, false);
        }

        @Override
        public boolean isEndRequired() {
            return true;
        }
    }
}
