// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.List;

/**
 * Sends spans by OTLP by way of the disk: a {@link SpanQueue} hands each batch to the spool, a {@link SpoolDrain} takes
 * it on. So to the queue a batch is kept when it is on disk; in the books it is queued until the collector has it.
 *
 * <p>A batch that the spool does not take waits in the queue's memory, as without a spool. If nothing of this exporter
 * is on disk before it, it goes to the collector from there: somebody else's outage has filled the spool, or the disk
 * fails.
 *
 * <p>Batches come on the queue's agenda, which waits for the disk; spans are prepared on any thread.
 */
public final class SpoolOutlet implements SpanOutlet<EncodedSpan> {
    /**
     * When a batch is tried again that the spool had no room for: there may be some at any time, and it never gives
     * way.
     */
    public static final Retry FOR_ROOM =
            new Retry(Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(60), Duration.ofDays(10_000));

    private static final Logger LOG = System.getLogger("spangard.engine");

    private final String title;
    private final OtlpOutlet target;
    private final SpoolFolder folder;
    private final SpoolDrain drain;
    private final ExporterAccounts books;
    /** Whether the spool took no batch last. The queue's agenda's. */
    private boolean refuses;

    /**
     * Puts a folder before a target.
     *
     * @param title in the log
     * @param target shared with the drain, which closes it
     * @param books shared with the queue
     */
    SpoolOutlet(String title, OtlpOutlet target, SpoolFolder folder, SpoolDrain drain, ExporterAccounts books) {
        this.title = title;
        this.target = target;
        this.folder = folder;
        this.drain = drain;
        this.books = books;
    }

    @Override
    public EncodedSpan prepare(SpanData span) {
        return target.prepare(span);
    }

    @Override
    public int bytes(EncodedSpan waiting) {
        return target.bytes(waiting);
    }

    @Override
    public Handed export(List<EncodedSpan> batch, Counts counts) {
        byte[] request = TraceRequest.of(batch);
        Counts counted = books.counted(counts);
        try {
            folder.append(new SpoolRecord(batch.size(), counted, request));
        } catch (IOException e) {
            return withoutSpool(request, batch.size(), e);
        }
        books.spooled(counted);
        drain.wake();
        if (refuses) {
            refuses = false;
            LOG.log(Level.INFO, () -> title + ": the spool takes spans again");
        }
        return Handed.KEPT;
    }

    private Handed withoutSpool(byte[] request, int spans, IOException why) {
        if (!refuses) {
            refuses = true;
            LOG.log(Level.WARNING, () -> title + ": the spool takes no spans: " + reason(why));
        }
        return Handed.sent(
                folder.isEmpty()
                        ? target.send(request, spans)
                        : CompletableResultCode.ofExceptionalFailure(
                                ExportException.unanswered("the spool takes none", why)));
    }

    /** The message of a failure, with its kind where it is only a file's path. */
    private static String reason(IOException why) {
        String message = String.valueOf(why.getMessage());
        return why instanceof FileSystemException ? why.getClass().getSimpleName() + ": " + message : message;
    }

    @Override
    public String exported() {
        return "spooled";
    }

    @Override
    public CompletableResultCode shutdown(long byNanoTime) {
        return drain.shutdown(byNanoTime);
    }

    @Override
    public String toString() {
        return "SpoolOutlet{" + target + '}';
    }
}
