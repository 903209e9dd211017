// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The SDK's span processor before a {@link BatchQueue}: prepares each ended span in the form in which it waits, on the
 * thread that ends it, and queues it. It never blocks on the exporter nor throws: a span that cannot be prepared or
 * finds no room is booked as lost.
 *
 * @param <W> the form in which a span waits
 */
public final class SpanQueue<W> implements SpanProcessor {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final SpanOutlet<W> outlet;
    private final ExportOutcomeListener outcomes;
    private final BatchQueue<W> queue;

    /**
     * Makes an empty queue.
     *
     * @param title in the log
     * @param agenda this queue's alone: it closes it
     * @param outlet this queue's alone: it shuts it down
     * @param memory shared with the engine's other queues
     */
    public SpanQueue(
            String title,
            Agenda agenda,
            SpanOutlet<W> outlet,
            BatchQueueOptions options,
            MemoryLimit memory,
            ExportOutcomeListener outcomes) {
        this.outlet = outlet;
        this.outcomes = outcomes;
        this.queue = new BatchQueue<>(title, agenda, outlet, options, memory, outcomes);
    }

    /** How many spans wait for a batch. Any thread may ask. */
    public int queued() {
        return queue.queued();
    }

    /** Takes spans of single messages, which are exported like any but stand for no request. */
    public SpanProcessor children() {
        return new Children();
    }

    @Override
    public void onEnd(ReadableSpan span) {
        add(span.toSpanData(), Counts.REQUEST);
    }

    /** Takes a span of an application's own, which has ended. */
    public void addApiSpan(SpanData span) {
        add(span, Counts.SPAN);
    }

    private void add(SpanData ended, Counts counted) {
        W span;
        try {
            span = outlet.prepare(ended);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "a span could not be prepared for its export", e);
            outcomes.lost(1, counted, ExportOutcome.FAILED);
            return;
        }
        queue.add(span, counted);
    }

    /** Done when all that is queued now has been exported, or given up; what comes later waits for its own batch. */
    @Override
    public CompletableResultCode forceFlush() {
        return queue.forceFlush();
    }

    /** Exports what is queued within the shutdown timeout, abandons the rest, shuts the exporter down. */
    @Override
    public CompletableResultCode shutdown() {
        return queue.shutdown();
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

    /** Puts spans of messages into the queue, which is flushed and shut down by itself. */
    private final class Children implements SpanProcessor {
        @Override
        public void onStart(Context parentContext, ReadWriteSpan span) {}

        @Override
        public boolean isStartRequired() {
            return false;
        }

        @Override
        public void onEnd(ReadableSpan span) {
            add(span.toSpanData(), Counts.NONE);
        }

        @Override
        public boolean isEndRequired() {
            return true;
        }
    }
}
