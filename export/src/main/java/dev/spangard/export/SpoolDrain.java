// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Digest;
import dev.spangard.export.ExporterAccounts.SpanFate;
import dev.spangard.export.RetryingExport.ExportResult;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Takes what is in the spool to its collector, oldest first, by tasks of an {@link Agenda} of its own: this exporter's
 * folder, and when that is empty those of the same destination whose service is not here, such as of an application that
 * was restarted.
 *
 * <p>A record is done with when the collector has answered, and then booked. Killed between the answer and that, an engine
 * leaves it to the next one, which sends it again.
 */
final class SpoolDrain {
    private static final Logger LOG = System.getLogger("spangard.engine");

    /** After a record that could not be read. */
    private static final Duration READ_AGAIN = Duration.ofSeconds(1);

    private final String title;
    private final Agenda agenda;
    private final Spool spool;
    private final SpoolFolder own;
    private final OtlpOutlet target;
    private final ExporterAccounts exporter;
    private final SpoolBooks books;
    private final RetryingExport exports;
    private final CompletableResultCode closed = new CompletableResultCode();
    private volatile boolean closing;
    // The agenda's.
    private boolean isBusy;
    private boolean ended;
    private long deliveredAtEnd;

    /**
     * @param title in the log
     * @param agenda this drain's alone: it closes it
     * @param exporter whose spans are counted there, whosever folder they were in
     */
    SpoolDrain(
            String title,
            Agenda agenda,
            Spool spool,
            SpoolFolder own,
            OtlpOutlet target,
            SpanQueueOptions options,
            ExporterAccounts exporter,
            SpoolBooks books) {
        this.title = title;
        this.agenda = agenda;
        this.spool = spool;
        this.own = own;
        this.target = target;
        this.exporter = exporter;
        this.books = books;
        this.exports = new RetryingExport(title, options.retry(), options.exportTimeout(), agenda);
    }

    /** Once. */
    SpoolDrain start() {
        own.own();
        spool.add(this);
        wake();
        return this;
    }

    Digest destination() {
        return own.destination();
    }

    /** There may be something to drain. */
    void wake() {
        agenda.soon(this::look);
    }

    private void look() {
        if (isBusy || ended) {
            return;
        }
        SpoolFolder folder = next();
        if (folder == null) {
            if (closing) {
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
        folder.give();
        if (closing) {
            end();
        } else {
            agenda.at(agenda.nanoTime() + READ_AGAIN.toNanos(), this::look);
        }
    }

    /** A folder with something in it, taken; null if there is none, or others have it, who will tell. */
    private @Nullable SpoolFolder next() {
        if (!own.isEmpty() && own.take()) {
            return own;
        }
        return closing ? null : spool.orphan(destination());
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
            exports.deliver(new Delivery(folder, record));
        }
    }

    private void giveBack(SpoolFolder folder) {
        folder.give();
        if (folder != own && !folder.isEmpty()) {
            // Its service may have come and found it taken.
            spool.changed(destination());
        }
    }

    /** One record on its way. */
    private final class Delivery implements RetryingExport.Parcel {
        private final SpoolFolder folder;
        private final SpoolRecord record;

        Delivery(SpoolFolder folder, SpoolRecord record) {
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
        public void arrived(ExportResult result) {
            if (!result.atEnd()) {
                int rejected = result.rejected(record.spans());
                boolean delivered = result.delivered();
                books.done(folder, record, exporter, delivered ? SpanFate.DELIVERED : SpanFate.FAILED, rejected);
                if (closing && delivered) {
                    deliveredAtEnd += record.spans() - rejected;
                }
            }
            goOn(result.atEnd());
        }

        /** It stays where it is, and is sent again. */
        @Override
        public void unanswered() {
            goOn(closing);
        }

        @Override
        public void late(ExportResult result) {}

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
        own.disown();
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

    /** Exports within this time what there is; the rest stays. */
    CompletableResultCode shutdown(long byNanoTime) {
        closing = true;
        exports.close(byNanoTime);
        wake();
        return closed;
    }
}
