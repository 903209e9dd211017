// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.Conversation;
import dev.spangard.telemetry.Exchange;
import dev.spangard.telemetry.UpstreamExchange;
import dev.spangard.wire.ByteBudget;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one recorder that are still running, as far as it has announced them, and messages sent ahead of
 * their request. Bounded: the oldest gives way, for its end was probably dropped by the recorder. Used by the peer's
 * thread only.
 */
final class OpenRequests {
    /**
     * A request of the {@code stable} profile.
     *
     * @param position null if it is not sampled
     */
    record OpenStable(Exchange exchange, @Nullable TracePosition position) implements OpenRequest {
        @Override
        public void activate() {
            exchange.activate();
        }

        @Override
        public void deactivate() {
            exchange.deactivate();
        }
    }

    /**
     * A request of the {@code upstream} profile.
     *
     * @param sampled whether it has a span
     */
    record OpenUpstream(UpstreamExchange exchange, TracePosition position, boolean sampled) implements OpenRequest {
        @Override
        public void activate() {
            exchange.activate();
        }

        @Override
        public void deactivate() {
            exchange.deactivate();
        }
    }

    /** A request that was announced as open, of any profile. */
    sealed interface OpenRequest {
        void activate();

        void deactivate();
    }

    /** The messages that were sent ahead of a request's record. */
    static final class SentAhead {
        final Conversation conversation;
        int parts;

        SentAhead(Conversation conversation) {
            this.conversation = conversation;
        }
    }

    /** The bytes that an open request takes beside its texts, and what {@link SentAhead} takes: rounded up. */
    private static final int OBJECTS_BYTES = 1024;

    /** An open request, and how much memory it was said to take. */
    private record Held(OpenRequest request, long bytes) {}

    private final int limit;
    private final Supplier<Conversation> conversations;
    private final ByteBudget budget;
    private final Map<Long, Held> open = new LinkedHashMap<>();
    private final Map<Long, SentAhead> sentAhead = new LinkedHashMap<>();
    private final OpenSpans spans;

    /**
     * Makes the memory of one recorder.
     *
     * @param limit of each kind
     * @param conversations makes new ones
     * @param budget shared by all recorders; {@link #drain} gives back what was taken
     */
    OpenRequests(int limit, Supplier<Conversation> conversations, ByteBudget budget) {
        this.limit = limit;
        this.conversations = conversations;
        this.budget = budget;
        this.spans = new OpenSpans(limit, budget);
    }

    /** The spans of the same recorder's application that go on, within a limit of their own and the same budget. */
    OpenSpans spans() {
        return spans;
    }

    /**
     * Remembers a request and counts it as active.
     *
     * @param recordBytes the length of its record
     */
    void opened(long spanId, OpenRequest request, int recordBytes) {
        ended(spanId);
        // A byte on the wire is a character in memory, of at most two.
        long bytes = OBJECTS_BYTES + 2L * recordBytes;
        while (open.size() >= limit || !budget.take(bytes)) {
            if (!forgetOldest()) {
                return;
            }
        }
        open.put(spanId, new Held(request, bytes));
        request.activate();
    }

    private boolean forgetOldest() {
        Held oldest = removeOldest(open);
        if (oldest == null) {
            return false;
        }
        budget.give(oldest.bytes);
        oldest.request.deactivate();
        return true;
    }

    /** Forgets the request with this span, which has ended, and counts it as active no longer. */
    void ended(long spanId) {
        if (!open.isEmpty()) {
            Held ended = open.remove(spanId);
            if (ended != null) {
                budget.give(ended.bytes);
                ended.request.deactivate();
            }
        }
    }

    /** Returns where the next part of this request's messages goes; null if none are kept. */
    @Nullable
    SentAhead sentAhead(long spanId) {
        SentAhead known = sentAhead.get(spanId);
        if (known != null || limit == 0) {
            return known;
        }
        if (sentAhead.size() >= limit || !budget.take(OBJECTS_BYTES)) {
            // The place of the oldest is as large as the one needed.
            if (removeOldest(sentAhead) == null) {
                return null;
            }
        }
        SentAhead first = new SentAhead(conversations.get());
        sentAhead.put(spanId, first);
        return first;
    }

    /** Removes and returns what was sent ahead for this request; null if nothing was. */
    @Nullable
    SentAhead takeSentAhead(long spanId) {
        SentAhead taken = sentAhead.isEmpty() ? null : sentAhead.remove(spanId);
        if (taken != null) {
            budget.give(OBJECTS_BYTES);
        }
        return taken;
    }

    /** Forgets all requests, and hands the open ones to {@code each}, the oldest first. */
    void drain(Consumer<OpenRequest> each) {
        budget.give((long) OBJECTS_BYTES * sentAhead.size());
        sentAhead.clear();
        for (Held held = removeOldest(open); held != null; held = removeOldest(open)) {
            budget.give(held.bytes);
            each.accept(held.request);
        }
    }

    private static <V> @Nullable V removeOldest(Map<Long, V> map) {
        Iterator<V> values = map.values().iterator();
        if (!values.hasNext()) {
            return null;
        }
        V oldest = values.next();
        values.remove();
        return oldest;
    }
}
