// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.export.RetryingExport.ExportResult;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Books what becomes of each batch, once, whoever brings its answer and however late; then gives its memory back. Any
 * thread may call it: an answer that comes late is booked on the thread that brings it.
 */
final class BatchBooks {
    private final BoundedQueue<?> queue;
    private final ExportOutcomeListener outcomes;
    private final ShutdownDeadline deadline;
    // Guarded by this.
    /** Batches that were handed to the exporter and are not booked yet. */
    private final Set<Batch<?>> open = new LinkedHashSet<>();

    private long deliveredAtEnd;
    private long abandonedAtEnd;

    /**
     * Begins without a batch.
     *
     * @param queue holds the memory of the batches
     * @param outcomes called without a lock
     */
    BatchBooks(BoundedQueue<?> queue, ExportOutcomeListener outcomes, ShutdownDeadline deadline) {
        this.queue = queue;
        this.outcomes = outcomes;
        this.deadline = deadline;
    }

    /** Books an item that was refused. */
    void refused(Counts counted, ExportOutcome why) {
        outcomes.lost(1, counted, why);
    }

    /** Books that a batch is about to be handed to the exporter. */
    void starts(Batch<?> batch) {
        synchronized (this) {
            open.add(batch);
        }
        outcomes.starts(batch.size(), batch.counts());
    }

    /**
     * Books what became of a batch, unless it has been booked.
     *
     * @param kept whether, if it was delivered, it is only kept by who takes it on
     */
    void ended(Batch<?> batch, ExportResult result, boolean kept) {
        int rejected = result.rejected(batch.size());
        synchronized (this) {
            if (!open.remove(batch)) {
                return;
            }
            if (deadline.isSet() && result.delivered()) {
                deliveredAtEnd += batch.size() - rejected;
            } else if (result.atEnd()) {
                abandonedAtEnd += batch.size();
            }
        }
        if (kept && result.delivered()) {
            outcomes.kept(batch.size(), batch.counts());
        } else {
            outcomes.ended(batch.size(), batch.counts(), outcome(result), rejected);
        }
        queue.release(batch);
    }

    private static ExportOutcome outcome(ExportResult result) {
        if (result.delivered()) {
            return ExportOutcome.DELIVERED;
        }
        return result.atEnd() ? ExportOutcome.SHUTDOWN : ExportOutcome.FAILED;
    }

    /**
     * Closes the books, when no batch is tried any more: those without an answer are unconfirmed, and an answer that
     * comes from now on finds its batch booked.
     *
     * @param rest what still waited; the shutdown loses it
     */
    ShutdownSummary close(Batch<?> rest) {
        long unanswered = giveUpAnswers();
        if (rest.size() > 0) {
            outcomes.lost(rest.size(), rest.counts(), ExportOutcome.SHUTDOWN);
        }
        queue.release(rest);
        synchronized (this) {
            return new ShutdownSummary(deliveredAtEnd, abandonedAtEnd + rest.size(), unanswered);
        }
    }

    private long giveUpAnswers() {
        List<Batch<?>> silent;
        synchronized (this) {
            silent = List.copyOf(open);
            open.clear();
        }
        long items = 0;
        for (Batch<?> batch : silent) {
            outcomes.ended(batch.size(), batch.counts(), ExportOutcome.UNCONFIRMED, 0);
            queue.release(batch);
            items += batch.size();
        }
        return items;
    }
}
