// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.sdk.trace.IdGenerator;

/**
 * Gives a span the ids its recorder made, which the application has already handed on to others.
 *
 * <p>The SDK asks its generator for ids without saying for which span, so they go past its API, through a slot of the
 * thread that starts the span:
 *
 * <pre>{@code
 * SampledRecordReader        slot.set(trace, span) ----------> Slot of this thread
 *   Exchange                   end(parent, time)                  |    |
 *     SpanBuilder of the SDK     startSpan()                      |    |
 *       RecordedIds                generateTraceId() <------------+    |
 *                                  generateSpanId() <------------------+
 * SampledRecordReader        slot.clear() -------------------> Slot of this thread
 * }</pre>
 *
 * <p>A slot is cleared when its exchange has ended, also by an exception, so that no other span gets the ids. A thread
 * that set none gets random ids: a tracer provider with this generator serves other spans too. One instance serves any
 * number of tracer providers. Thread-safe, as no thread sees the slot of another.
 */
public final class RecordedIds implements IdGenerator {
    private final IdGenerator random = IdGenerator.random();
    private final ThreadLocal<Slot> slot = ThreadLocal.withInitial(Slot::new);

    /** The ids of the next span of one thread; 0 for none. Used by that thread only. */
    static final class Slot {
        private long traceHigh;
        private long traceLow;
        private long span;

        void set(long traceHigh, long traceLow, long span) {
            this.traceHigh = traceHigh;
            this.traceLow = traceLow;
            this.span = span;
        }

        void clear() {
            set(0, 0, 0);
        }
    }

    /** Returns the slot of the calling thread, which may keep it. */
    Slot slot() {
        return slot.get();
    }

    @Override
    public String generateSpanId() {
        long id = slot.get().span;
        return id == 0 ? random.generateSpanId() : SpanId.fromLong(id);
    }

    @Override
    public String generateTraceId() {
        Slot ids = slot.get();
        return ids.traceHigh == 0 && ids.traceLow == 0
                ? random.generateTraceId()
                : TraceId.fromLongs(ids.traceHigh, ids.traceLow);
    }

    @Override
    public String toString() {
        return "RecordedIds";
    }
}
