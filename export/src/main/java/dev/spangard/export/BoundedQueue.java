// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Items that wait for a batch, in their order: no more than its capacity, and no more bytes, those at the exporter
 * included, than the {@link MemoryLimit} that all queues share has left for it. Refuses all once the shutdown has
 * begun.
 *
 * <p>Any thread may call any method: each takes a short lock, and none waits for more, calls anybody under it, or
 * throws.
 *
 * @param <W> the form in which an item waits
 */
final class BoundedQueue<W> {
    /**
     * About how many bytes a batch has at most; one item may be larger. Collectors take messages of 4 MiB by gRPC
     * unless told otherwise, and whoever sends a message holds it once more.
     */
    static final int MAX_BATCH_BYTES = 3 << 20;

    private final int capacity;
    private final int batchItems;
    private final MemoryLimit memory;
    private final ShutdownDeadline deadline;

    private final ReentrantLock lock = new ReentrantLock();
    // All below is guarded by the lock.
    private final ArrayDeque<Waiting<W>> waiting = new ArrayDeque<>();
    private long waitingBytes;
    /** Bytes of items that wait, and of those at the exporter. */
    private long heldBytes;
    /** Whether an item was refused since the last batch was taken: for its bytes, if there is a place for it. */
    private boolean hasRefused;
    /** Items that ever waited, and of these those that were taken for a batch. */
    private long added;

    private long taken;

    /** @param counted as what the item is in the books */
    private record Waiting<W>(W item, int bytes, Counts counted) {}

    /** What became of an item that was offered. */
    enum Offer {
        WAITS,
        /** It waits, and there is something to do: it is the first, or makes a batch full. */
        WAKES,
        FULL,
        CLOSED
    }

    /**
     * Makes an empty queue.
     *
     * @param memory shared with the engine's other queues
     * @param deadline of the shutdown, after whose beginning nothing is taken
     */
    BoundedQueue(BatchQueueOptions options, MemoryLimit memory, ShutdownDeadline deadline) {
        this.capacity = options.capacity();
        this.batchItems = options.batch();
        this.memory = memory;
        this.deadline = deadline;
    }

    /**
     * Takes an item, if there is room for it.
     *
     * @param counted as what it is in the books
     */
    Offer offer(W item, int bytes, Counts counted) {
        lock.lock();
        try {
            boolean closed = deadline.isSet();
            if (closed || waiting.size() >= capacity || !memory.take(bytes, heldBytes)) {
                hasRefused = true;
                return closed ? Offer.CLOSED : Offer.FULL;
            }
            boolean hadBatch = isBatch();
            waiting.add(new Waiting<>(item, bytes, counted));
            waitingBytes += bytes;
            heldBytes += bytes;
            added++;
            return waiting.size() == 1 || (!hadBatch && isBatch()) ? Offer.WAKES : Offer.WAITS;
        } finally {
            lock.unlock();
        }
    }

    /** Takes up to a batch out of the queue: empty only if the queue is. Its bytes are held until {@link #release}. */
    Batch<W> take() {
        lock.lock();
        try {
            var batch = new Batch<W>();
            Waiting<W> next = waiting.peek();
            while (next != null
                    && batch.size() < batchItems
                    && (batch.size() == 0 || batch.bytes() + next.bytes <= MAX_BATCH_BYTES)) {
                waiting.remove();
                batch.add(next.item, next.bytes, next.counted);
                next = waiting.peek();
            }
            waitingBytes -= batch.bytes();
            taken += batch.size();
            hasRefused = false;
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /** Takes all there is, however much that is. Its bytes are held until {@link #release}. */
    Batch<W> takeAll() {
        lock.lock();
        try {
            var all = new Batch<W>();
            waiting.forEach(item -> all.add(item.item, item.bytes, item.counted));
            waiting.clear();
            waitingBytes = 0;
            return all;
        } finally {
            lock.unlock();
        }
    }

    /** Gives back the memory of a batch, once. */
    void release(Batch<?> batch) {
        lock.lock();
        try {
            heldBytes -= batch.bytes();
        } finally {
            lock.unlock();
        }
        memory.give(batch.bytes());
    }

    int size() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /** Whether enough waits to fill a batch. */
    boolean hasBatch() {
        lock.lock();
        try {
            return isBatch();
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #hasBatch}, under the lock: each span asks twice. */
    private boolean isBatch() {
        return waiting.size() >= batchItems || waitingBytes >= MAX_BATCH_BYTES;
    }

    /** Whether newer items find no room, or have found none since the last batch was taken. */
    boolean needsRoom() {
        lock.lock();
        try {
            return hasRefused || waiting.size() >= capacity;
        } finally {
            lock.unlock();
        }
    }

    /** How many items ever waited. */
    long added() {
        lock.lock();
        try {
            return added;
        } finally {
            lock.unlock();
        }
    }

    /** How many of the items ever added were taken for a batch. */
    long taken() {
        lock.lock();
        try {
            return taken;
        } finally {
            lock.unlock();
        }
    }
}
