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
 * The requests of one recorder that are still running, as far as it has told: open ones, and messages sent ahead.
 * Bounded: the oldest gives way, for its end was probably dropped by the recorder. Used by the peer's thread only.
 */
final class OpenRequests {
    /**
     * A request announced as open.
     *
     * @param origin null if it is not sampled
     */
    record OpenStable(Exchange exchange, @Nullable Origin origin) implements OpenRequest {
        @Override
        public void activate() {
            exchange.activate();
        }

        @Override
        public void deactivate() {
            exchange.deactivate();
        }
    }

    /** The same in the {@code upstream} profile. */
    record OpenUpstream(UpstreamExchange exchange, Origin origin, boolean sampled) implements OpenRequest {
        @Override
        public void activate() {
            exchange.activate();
        }

        @Override
        public void deactivate() {
            exchange.deactivate();
        }
    }

    /** What an open request has in common in all profiles. */
    sealed interface OpenRequest {
        void activate();

        void deactivate();
    }

    /** Messages sent ahead of a request's record. */
    static final class SentAhead {
        final Conversation conversation;
        int parts;

        SentAhead(Conversation conversation) {
            this.conversation = conversation;
        }
    }

    /** What an open request takes beside its texts, and what {@link SentAhead} takes: rounded up. */
    private static final int OBJECTS_BYTES = 1024;

    /** An open request, and how much memory it was said to take. */
    private record Held(OpenRequest request, long bytes) {}

    private final int limit;
    private final Supplier<Conversation> conversations;
    private final ByteBudget budget;
    private final Map<Long, Held> open = new LinkedHashMap<>();
    private final Map<Long, SentAhead> sentAhead = new LinkedHashMap<>();

    /**
     * @param limit of each kind
     * @param conversations makes new ones
     * @param budget shared by all recorders; {@link #drain} gives back what was taken
     */
    OpenRequests(int limit, Supplier<Conversation> conversations, ByteBudget budget) {
        this.limit = limit;
        this.conversations = conversations;
        this.budget = budget;
    }

    /** @param recordBytes the length of its record */
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

    /** The request with this span has ended: it is no longer active. */
    void ended(long spanId) {
        if (!open.isEmpty()) {
            Held ended = open.remove(spanId);
            if (ended != null) {
                budget.give(ended.bytes);
                ended.request.deactivate();
            }
        }
    }

    /** Where the next part of this request's messages goes; null if none are kept. */
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

    /** What was sent ahead for this request; null if nothing was. */
    @Nullable
    SentAhead takeSentAhead(long spanId) {
        SentAhead taken = sentAhead.isEmpty() ? null : sentAhead.remove(spanId);
        if (taken != null) {
            budget.give(OBJECTS_BYTES);
        }
        return taken;
    }

    /** Gives up all open requests. */
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
