// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.Conversation;
import dev.spangard.telemetry.Exchange;
import dev.spangard.telemetry.UpstreamExchange;
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
final class Unfinished {
    /**
     * A request announced as open.
     *
     * @param origin null if it is not sampled
     */
    record Open(Exchange exchange, @Nullable Origin origin) implements Running {
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
    record OpenUpstream(UpstreamExchange exchange, Origin origin, boolean sampled) implements Running {
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
    sealed interface Running {
        void activate();

        void deactivate();
    }

    /** Messages sent ahead of a request's record. */
    static final class Spilled {
        final Conversation conversation;
        int parts;

        Spilled(Conversation conversation) {
            this.conversation = conversation;
        }
    }

    private final int limit;
    private final Supplier<Conversation> conversations;
    private final Map<Long, Running> open = new LinkedHashMap<>();
    private final Map<Long, Spilled> spilled = new LinkedHashMap<>();

    /**
     * @param limit of each kind
     * @param conversations makes new ones
     */
    Unfinished(int limit, Supplier<Conversation> conversations) {
        this.limit = limit;
        this.conversations = conversations;
    }

    void opened(long spanId, Running request) {
        if (limit == 0) {
            return;
        }
        if (open.size() >= limit) {
            removeOldest(open).deactivate();
        }
        Running again = open.put(spanId, request);
        if (again != null) {
            again.deactivate();
        }
        request.activate();
    }

    /** The request with this span has ended: it is no longer active. */
    void ended(long spanId) {
        if (!open.isEmpty()) {
            Running request = open.remove(spanId);
            if (request != null) {
                request.deactivate();
            }
        }
    }

    /** Where the next part of this request's messages goes; null if none are kept. */
    @Nullable
    Spilled spilled(long spanId) {
        Spilled known = spilled.get(spanId);
        if (known != null || limit == 0) {
            return known;
        }
        if (spilled.size() >= limit) {
            removeOldest(spilled);
        }
        Spilled first = new Spilled(conversations.get());
        spilled.put(spanId, first);
        return first;
    }

    /** What was sent ahead for this request; null if nothing was. */
    @Nullable
    Spilled takeSpilled(long spanId) {
        return spilled.isEmpty() ? null : spilled.remove(spanId);
    }

    /** Gives up all open requests. */
    void drain(Consumer<Running> each) {
        open.values().forEach(each);
        open.clear();
        spilled.clear();
    }

    private static <V> V removeOldest(Map<Long, V> map) {
        Iterator<V> values = map.values().iterator();
        V oldest = values.next();
        values.remove();
        return oldest;
    }
}
