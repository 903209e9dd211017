// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Digest;
import dev.spangard.export.RetryingExport.ExportResult;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Takes what is in the spool to its collector, oldest first, by tasks of an {@link Agenda} of its own: this exporter's
 * folder, and when that is empty those of the same destination whose service is not here, such as of an application
 * that was restarted.
 *
 * <p>A record is booked, and done with, when the collector has answered. An engine that is killed between the answer
 * and that leaves it to the next one, which sends it again.
 *
 * <p>Any thread may wake it or shut it down. It waits for nothing but the disk, and throws nothing: what cannot be read
 * is tried later, or given up and booked.
 */
final class SpoolDrain {
    private static final Logger LOG = System.getLogger("spangard.engine");

    /** How long it waits after a record that could not be read. */
    private static final Duration READ_AGAIN = Duration.ofSeconds(1);

    private final String title;
    private final Agenda agenda;
    private final Spool spool;
    private final SpoolFolder own;
    private final OtlpOutlet target;
    private final ExporterAccounts exporter;
    private final SpoolBooks books;
    private final ShutdownDeadline deadline = new ShutdownDeadline();
    private final RetryingExport exports;
    private final CompletableResultCode closed = new CompletableResultCode();
    // The agenda's.
    private boolean isBusy;
    private boolean ended;
    private long deliveredAtEnd;

    /**
     * Drains nothing before {@link #start}.
     *
     * @param title in the log
     * @param agenda this drain's alone: it closes it
     * @param exporter counts the spans, whosever folder they were in
     */
    SpoolDrain(
            String title,
            Agenda agenda,
            Spool spool,
            SpoolFolder own,
            OtlpOutlet target,
            BatchQueueOptions options,
            ExporterAccounts exporter,
            SpoolBooks books) {
        this.title = title;
        this.agenda = agenda;
        this.spool = spool;
        this.own = own;
        this.target = target;
        this.exporter = exporter;
        this.books = books;
        this.exports = new RetryingExport(
                new ExportFailureLog(title + target.destination(), target.item()),
                options.retry(),
                options.exportTimeout(),
                agenda,
                deadline);
    }

    /** Begins to drain. Called once. */
    SpoolDrain start() {
        own.lease().addOwner();
        spool.add(this);
        wake();
        return this;
    }

    /** The digest of where it sends to. */
    Digest destination() {
        return own.destination();
    }

    /** Has it see whether there is something to drain. */
    void wake() {
        agenda.soon(this::proceed);
    }

    private void proceed() {
        if (isBusy || ended) {
            return;
        }
        SpoolFolder folder = next();
        if (folder == null) {
            if (deadline.isSet()) {
                end();
            }
            return;
        }
        try {
            drain(folder);
        } catch (IOException e) {
            tryLater(folder);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, () -> title + ": the spool could not be drained", e);
            tryLater(folder);
        }
    }

    private void tryLater(SpoolFolder folder) {
        folder.lease().release();
        if (deadline.isSet()) {
            end();
        } else {
            agenda.at(agenda.nanoTime() + READ_AGAIN.toNanos(), this::proceed);
        }
    }

    /**
     * A folder with something in it, its lease acquired; null if there is none, or others have it, who wake this when
     * they give it back.
     */
    private @Nullable SpoolFolder next() {
        if (!own.isEmpty() && own.lease().acquire()) {
            return own;
        }
        return deadline.isSet() ? null : spool.orphan(destination());
    }

    private void drain(SpoolFolder folder) throws IOException {
        SpoolRecord record = folder.first();
        while (record == null && !folder.isEmpty()) {
            books.corrupt(folder, exporter);
            record = folder.first();
        }
        if (record == null) {
            giveBack(folder);
            wake();
        } else {
            isBusy = true;
            exports.deliver(new RecordDelivery(folder, record));
        }
    }

    private void giveBack(SpoolFolder folder) {
        folder.lease().release();
        if (folder != own && !folder.isEmpty()) {
            // Its service may have come and found it taken.
            spool.changed(destination());
        }
    }

    /** A record on its way. */
    private final class RecordDelivery implements RetryingExport.Delivery {
        private final SpoolFolder folder;
        private final SpoolRecord record;

        RecordDelivery(SpoolFolder folder, SpoolRecord record) {
            this.folder = folder;
            this.record = record;
        }

        @Override
        public CompletableResultCode attempt() {
            return target.send(record.request(), record.spans());
        }

        @Override
        public boolean givesWay() {
            return false;
        }

        @Override
        public void ended(ExportResult result) {
            if (!result.atEnd()) {
                int rejected = result.rejected(record.spans());
                boolean delivered = result.delivered();
                books.done(
                        folder, record, exporter, delivered ? ExportOutcome.DELIVERED : ExportOutcome.FAILED, rejected);
                if (deadline.isSet() && delivered) {
                    deliveredAtEnd += record.spans() - rejected;
                }
            }
            goOn(result.atEnd());
        }

        /** Leaves the record where it is: it is sent again. */
        @Override
        public void unanswered() {
            goOn(deadline.isSet());
        }

        @Override
        public void answeredLate(ExportResult result) {}

        private void goOn(boolean timeIsOver) {
            isBusy = false;
            giveBack(folder);
            if (timeIsOver) {
                end();
            } else {
                wake();
            }
        }
    }

    private void end() {
        ended = true;
        spool.remove(this);
        own.lease().removeOwner();
        if (!own.isEmpty()) {
            spool.changed(destination());
        }
        long left = own.spans();
        if (left + deliveredAtEnd > 0) {
            LOG.log(
                    Level.INFO,
                    () -> title + ": at the end exported " + deliveredAtEnd + " spans of the spool, " + left
                            + " stay there");
        }
        target.shutdown(agenda.nanoTime()).whenComplete(closed::succeed);
        agenda.close();
    }

    /** Exports within this time what there is; the rest stays. Once it has begun, another time has no effect. */
    CompletableResultCode shutdown(long byNanoTime) {
        if (exports.close(byNanoTime)) {
            wake();
        }
        return closed;
    }
}
