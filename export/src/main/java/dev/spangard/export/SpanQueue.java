// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.export.ExporterAccounts.SpanFate;
import dev.spangard.export.RetryingExport.ExportResult;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Batches ended spans and hands them to one outlet, by tasks of an {@link Agenda} of its own. At every moment
 *
 * <pre>spans given = ended + kept + lost + queued + at the exporter</pre>
 *
 * as its {@link SpanOutcomeListener} is told. A batch that was not delivered for a reason that may pass is tried again
 * ({@link RetryingExport}) while the others wait behind it. That is why it is not the SDK's BatchSpanProcessor, which forgets what is queued when
 * a shutdown takes too long, and counts as failed what its exporter delivers late.
 *
 * <p>{@link #onEnd} never blocks on the exporter nor throws: it takes a short lock, and drops the span when the queue is
 * full, by its capacity or by the {@link SpanMemory} that all queues share.
 *
 * @param <W> the form in which a span waits
 */
public final class SpanQueue<W> implements SpanProcessor {
    /**
     * Of a batch, about; one span may be larger. Collectors take messages of 4 MiB by gRPC unless told otherwise, and
     * whoever sends a message holds it once more.
     */
    static final int MAX_BATCH_BYTES = 3 << 20;

    private static final Logger LOG = System.getLogger("spangard.engine");

    private final String title;
    private final Agenda agenda;
    private final SpanOutlet<W> outlet;
    private final SpanQueueOptions options;
    private final SpanMemory memory;
    private final SpanOutcomeListener outcomes;
    private final RetryingExport exports;
    private final CompletableResultCode closed = new CompletableResultCode();

    private final ReentrantLock lock = new ReentrantLock();
    // All below is guarded by the lock.
    private final ArrayDeque<Waiting<W>> waiting = new ArrayDeque<>();
    private long waitingBytes;
    /** By spans that wait, and by those at the exporter. */
    private long held;
    /** Whether a span was turned away since the last batch was taken: for its bytes, if there is a place for it. */
    private boolean turnedAway;
    /** Spans that ever waited, and of these those that were taken for a batch. */
    private long added;

    private long taken;
    private final ArrayDeque<Flush> flushes = new ArrayDeque<>();
    private boolean closing;
    private long closeByNanos;
    /** Batches nobody waits for, whose answer may still come. */
    private final Set<Batch> unanswered = new LinkedHashSet<>();

    private long deliveredAtEnd;
    private long abandoned;
    // The agenda's own.
    /** At the exporter; null between two batches. */
    private @Nullable Batch current;
    /** Rings when what waits has waited long enough; null if nothing waits. */
    private Agenda.@Nullable Entry alarm;

    private long dueNanos;
    private boolean ended;

    /**
     * @param title in the log
     * @param agenda this queue's alone: it closes it
     * @param memory shared with the engine's other queues
     */
    public SpanQueue(
            String title,
            Agenda agenda,
            SpanOutlet<W> outlet,
            SpanQueueOptions options,
            SpanMemory memory,
            SpanOutcomeListener outcomes) {
        this.title = title;
        this.agenda = agenda;
        this.exports = new RetryingExport(title, options.retry(), options.exportTimeout(), agenda);
        this.outlet = outlet;
        this.options = options;
        this.memory = memory;
        this.outcomes = outcomes;
    }

    /** @param request whether the span stands for one */
    private record Waiting<W>(W span, int bytes, boolean request) {}

    /** @param upTo done when so many spans have been taken and exported */
    private record Flush(long upTo, CompletableResultCode result) {}

    /** Spans waiting for a batch. */
    public int queued() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /** Takes spans of single messages, which are exported like any but stand for no request. */
    public SpanProcessor children() {
        return new Children();
    }

    @Override
    public void onEnd(ReadableSpan span) {
        add(span, true);
    }

    private void add(ReadableSpan ended, boolean request) {
        int requests = request ? 1 : 0;
        W span;
        try {
            span = outlet.prepare(ended.toSpanData());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "a span could not be prepared for its export", e);
            outcomes.lost(1, requests, SpanFate.FAILED);
            return;
        }
        int bytes = outlet.bytes(span);
        boolean takes;
        boolean wakes = false;
        SpanFate why;
        lock.lock();
        try {
            why = closing ? SpanFate.SHUTDOWN : SpanFate.QUEUE_FULL;
            takes = !closing && waiting.size() < options.capacity() && memory.take(bytes, held);
            if (takes) {
                boolean wasBatch = isBatch();
                waiting.add(new Waiting<>(span, bytes, request));
                waitingBytes += bytes;
                held += bytes;
                added++;
                wakes = waiting.size() == 1 || (!wasBatch && isBatch());
            }
            turnedAway |= !takes;
        } finally {
            lock.unlock();
        }
        if (wakes) {
            agenda.soon(this::look);
        }
        if (!takes) {
            outcomes.lost(1, requests, why);
        }
    }

    private boolean isBatch() {
        return waiting.size() >= options.batch() || waitingBytes >= MAX_BATCH_BYTES;
    }

    /** Done when all that is queued now has been exported, or given up; what comes later waits for its own batch. */
    @Override
    public CompletableResultCode forceFlush() {
        var asked = new CompletableResultCode();
        lock.lock();
        try {
            if (closing) {
                return closed;
            }
            flushes.add(new Flush(added, asked));
        } finally {
            lock.unlock();
        }
        agenda.soon(this::look);
        return asked;
    }

    /** Exports what is queued within the shutdown timeout, abandons the rest, shuts the exporter down. */
    @Override
    public CompletableResultCode shutdown() {
        lock.lock();
        try {
            if (closing) {
                return closed;
            }
            closing = true;
            closeByNanos = agenda.nanoTime() + options.shutdownTimeout().toNanos();
            exports.close(closeByNanos);
        } finally {
            lock.unlock();
        }
        agenda.soon(this::look);
        return closed;
    }

    /** What there is to do now, and the alarm for what is to be done later. Nothing while a batch is at the exporter. */
    private void look() {
        if (current != null || ended) {
            return;
        }
        List<Flush> flushed = new ArrayList<>();
        Batch batch = null;
        lock.lock();
        try {
            for (Flush next = flushes.peek(); next != null && next.upTo <= taken; next = flushes.peek()) {
                flushed.add(flushes.remove());
            }
            long now = agenda.nanoTime();
            ended = closing && (waiting.isEmpty() || now - closeByNanos >= 0);
            if (!ended && !waiting.isEmpty()) {
                if (alarm == null) {
                    dueNanos = now + options.delay().toNanos();
                    alarm = agenda.at(dueNanos, this::look);
                }
                if (closing || !flushes.isEmpty() || isBatch() || now - dueNanos >= 0) {
                    alarm.cancel();
                    alarm = null;
                    batch = take();
                }
            }
        } finally {
            lock.unlock();
        }
        flushed.forEach(flush -> flush.result.succeed());
        if (ended) {
            end();
        } else if (batch != null) {
            current = batch;
            outcomes.starts(batch.spans.size(), batch.requests);
            exports.deliver(batch);
        }
    }

    /** Moves up to a batch out of the queue, under the lock. */
    private Batch take() {
        var batch = new Batch();
        Waiting<W> next = waiting.peek();
        while (next != null
                && batch.spans.size() < options.batch()
                && (batch.spans.isEmpty() || batch.bytes + next.bytes <= MAX_BATCH_BYTES)) {
            waiting.remove();
            batch.spans.add(next.span);
            batch.bytes += next.bytes;
            batch.requests += next.request ? 1 : 0;
            next = waiting.peek();
        }
        waitingBytes -= batch.bytes;
        taken += batch.spans.size();
        turnedAway = false;
        return batch;
    }

    /** What goes to the exporter at once. The exporter may go on reading its list after the errand. */
    private final class Batch implements RetryingExport.Parcel {
        final List<W> spans = new ArrayList<>();
        long bytes;
        int requests;
        private boolean kept;
        /** Guarded by the queue's lock. */
        private boolean isBooked;

        @Override
        public CompletableResultCode attempt() {
            SpanOutlet.Handed handed = outlet.export(Collections.unmodifiableList(spans), requests);
            kept = handed.kept();
            return handed.result();
        }

        @Override
        public boolean givesWay() {
            lock.lock();
            try {
                return turnedAway || waiting.size() >= options.capacity();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void arrived(ExportResult result) {
            book(result);
            goOn();
        }

        @Override
        public void unanswered() {
            lock.lock();
            try {
                // Its answer may have overtaken this.
                if (!isBooked) {
                    unanswered.add(this);
                }
            } finally {
                lock.unlock();
            }
            goOn();
        }

        @Override
        public void late(ExportResult result) {
            book(result);
        }

        private void goOn() {
            current = null;
            agenda.soon(SpanQueue.this::look);
        }

        private void book(ExportResult result) {
            int rejected = result.rejected(spans.size());
            SpanFate outcome =
                    result.delivered() ? SpanFate.DELIVERED : result.atEnd() ? SpanFate.SHUTDOWN : SpanFate.FAILED;
            lock.lock();
            try {
                if (isBooked) {
                    return;
                }
                isBooked = true;
                unanswered.remove(this);
                held -= bytes;
                if (closing && result.delivered()) {
                    deliveredAtEnd += spans.size() - rejected;
                } else if (result.atEnd()) {
                    abandoned += spans.size();
                }
            } finally {
                lock.unlock();
            }
            memory.give(bytes);
            if (kept && result.delivered()) {
                outcomes.kept(spans.size(), requests);
            } else {
                outcomes.ended(spans.size(), requests, outcome, rejected);
            }
        }
    }

    private void end() {
        long answers = giveUpAnswers();
        long rest = abandonRest();
        long lost;
        long delivered;
        List<Flush> flushed;
        lock.lock();
        try {
            lost = abandoned + rest;
            delivered = deliveredAtEnd;
            flushed = List.copyOf(flushes);
            flushes.clear();
        } finally {
            lock.unlock();
        }
        if (lost + answers + delivered > 0) {
            Level level = lost + answers > 0 ? Level.WARNING : Level.INFO;
            LOG.log(
                    level,
                    () -> title + ": at the end " + outlet.exported() + " " + delivered + " spans, abandoned " + lost
                            + ", " + answers + " without an answer");
        }
        flushed.forEach(flush -> flush.result.succeed());
        outlet.shutdown(closeBy()).whenComplete(closed::succeed);
        agenda.close();
    }

    private long closeBy() {
        lock.lock();
        try {
            return closeByNanos;
        } finally {
            lock.unlock();
        }
    }

    /** An answer that comes from now on finds its batch booked. */
    private long giveUpAnswers() {
        List<Batch> silent;
        lock.lock();
        try {
            silent = List.copyOf(unanswered);
            unanswered.clear();
            for (Batch batch : silent) {
                batch.isBooked = true;
                held -= batch.bytes;
            }
        } finally {
            lock.unlock();
        }
        long spans = 0;
        for (Batch batch : silent) {
            memory.give(batch.bytes);
            outcomes.ended(batch.spans.size(), batch.requests, SpanFate.UNCONFIRMED, 0);
            spans += batch.spans.size();
        }
        return spans;
    }

    private long abandonRest() {
        int spans;
        int requests = 0;
        long bytes;
        lock.lock();
        try {
            spans = waiting.size();
            for (Waiting<W> span : waiting) {
                requests += span.request ? 1 : 0;
            }
            bytes = waitingBytes;
            held -= bytes;
            waitingBytes = 0;
            waiting.clear();
        } finally {
            lock.unlock();
        }
        memory.give(bytes);
        if (spans > 0) {
            outcomes.lost(spans, requests, SpanFate.SHUTDOWN);
        }
        return spans;
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
