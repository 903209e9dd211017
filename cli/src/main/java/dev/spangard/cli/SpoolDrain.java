// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.cli.Courier.Fate;
import dev.spangard.cli.ExportBooks.Outcome;
import dev.spangard.intake.Accounts;
import dev.spangard.intake.Digest;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Takes what is in the spool to its collector, oldest first, on one thread of its own: this exporter's folder, and when
 * that is empty those of the same destination whose service is not here, such as of an application that was restarted.
 *
 * <p>A record is done with when the collector has answered, and then booked. Killed between the answer and that, an engine
 * leaves it to the next one, which sends it again.
 */
final class SpoolDrain {
    private static final Logger LOG = System.getLogger("spangard.engine");
    /** After a record that could not be read. */
    private static final Duration READ_AGAIN = Duration.ofSeconds(1);

    private final String title;
    private final Spool spool;
    private final SpoolFolder own;
    private final OtlpOutlet target;
    private final ExportBooks books;
    private final Function<SpoolFolder, Accounts> accounts;
    private final Courier courier;
    private final Thread thread;
    private final Semaphore news = new Semaphore(0);
    private final CompletableResultCode closed = new CompletableResultCode();
    private volatile boolean closing;
    private final CountDownLatch closes = new CountDownLatch(1);
    /** The drain's own. */
    private long deliveredAtEnd;

    /**
     * @param title in the log
     * @param name of the thread
     * @param books of the own folder
     * @param accounts of a folder's service
     */
    SpoolDrain(
            String title,
            String name,
            Spool spool,
            SpoolFolder own,
            OtlpOutlet target,
            SpanQueueOptions options,
            ExportBooks books,
            Function<SpoolFolder, Accounts> accounts) {
        this.title = title;
        this.spool = spool;
        this.own = own;
        this.target = target;
        this.books = books;
        this.accounts = accounts;
        this.courier = new Courier(title, options.retry(), options.exportTimeout());
        this.thread = Thread.ofPlatform().daemon().name(name + "-spool").unstarted(this::run);
    }

    /** Once. */
    SpoolDrain start() {
        own.own();
        spool.add(this);
        thread.start();
        return this;
    }

    Digest destination() {
        return own.destination();
    }

    /** There may be something to drain. */
    void wake() {
        news.release();
    }

    private void run() {
        boolean goesOn = true;
        while (goesOn) {
            SpoolFolder folder = await();
            if (folder == null) {
                break;
            }
            try {
                goesOn = drain(folder);
            } catch (RuntimeException | Error e) {
                LOG.log(Level.ERROR, title + ": the spool could not be drained", e);
                goesOn = !isClosingWithin(READ_AGAIN);
            } finally {
                folder.give();
            }
            if (folder != own && !folder.isEmpty()) {
                // Its service may have come and found it taken.
                spool.changed(destination());
            }
        }
        spool.remove(this);
        own.disown();
        if (!own.isEmpty()) {
            spool.changed(destination());
        }
        sayEnd();
        target.shutdown(System.nanoTime()).whenComplete(closed::succeed);
    }

    /** A folder with something in it, taken; null at the end. */
    private @Nullable SpoolFolder await() {
        while (true) {
            if (!own.isEmpty() && own.take()) {
                return own;
            }
            if (closing) {
                return null;
            }
            SpoolFolder orphan = spool.orphan(destination());
            if (orphan != null) {
                return orphan;
            }
            news.acquireUninterruptibly();
            news.drainPermits();
        }
    }

    /** One record; false if there is no time for more. */
    private boolean drain(SpoolFolder folder) {
        ExportBooks of = folder == own ? books : books.of(accounts.apply(folder));
        SpoolRecord record;
        try {
            record = folder.first(of);
        } catch (IOException e) {
            return !isClosingWithin(READ_AGAIN);
        }
        if (record == null) {
            return true;
        }
        int spans = record.spans();
        Fate fate = courier.deliver(() -> target.send(record.request(), spans), () -> false, late -> {});
        if (fate == null || fate.atEnd()) {
            return !closing;
        }
        int rejected = fate.rejected(spans);
        int requests = of.unspooled(record.requests());
        folder.done(record);
        of.ended(spans, requests, fate.delivered() ? Outcome.DELIVERED : Outcome.FAILED, rejected);
        if (closing && fate.delivered()) {
            deliveredAtEnd += spans - rejected;
        }
        return true;
    }

    private boolean isClosingWithin(Duration time) {
        try {
            return closes.await(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            return true; // the thread is ours alone, and nobody does that
        }
    }

    private void sayEnd() {
        long left = own.spans();
        if (left + deliveredAtEnd > 0) {
            LOG.log(
                    Level.INFO,
                    () -> title + ": at the end exported " + deliveredAtEnd + " spans of the spool, " + left
                            + " stay there");
        }
    }

    /** Exports within this time what there is; the rest stays. */
    CompletableResultCode shutdown(long byNanoTime) {
        closing = true;
        closes.countDown();
        courier.close(byNanoTime);
        wake();
        return closed;
    }
}
