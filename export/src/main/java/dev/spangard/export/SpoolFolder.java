// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What one exporter of one service has in the spool: segments, the oldest drained first, the newest appended to. A
 * segment that is drained is deleted, so a spool that is empty has no files.
 *
 * <p>The exporter's queue appends on its agenda, a {@link SpoolDrain} reads on its own, and the admin endpoint asks for
 * numbers. Files are written and read under the folder's lock, which is held for as long as the disk takes; the numbers
 * are read without it.
 */
public final class SpoolFolder {
    private static final Logger LOG = System.getLogger("spangard.engine");

    /**
     * How often the oldest is read: with a second in between, as long as a batch is tried before it gives way to
     * others.
     */
    static final int MAX_READS = 300;

    private final Spool spool;
    private final Path path;
    private final Digest service;
    private final Digest destination;
    /** Whoever has acquired it may ask for {@link #first}. */
    private final DrainLease lease = new DrainLease();

    // Guarded by this.
    private final ArrayDeque<SpoolSegment> segments = new ArrayDeque<>();
    /** The last of the segments, if it may be appended to. */
    private @Nullable SpoolSegment open;

    private long nextNumber;
    /** How many reads of the oldest have failed in a row. */
    private int failedReads;

    // Written under the lock.
    private volatile long spans;
    private volatile Counts counts = Counts.NONE;
    private volatile long bytes;
    private volatile long corrupt;

    /**
     * Begins without a segment.
     *
     * @param service the digest of the service's key
     * @param destination the digest of the exporter's name and settings: records go there only
     */
    SpoolFolder(Spool spool, Path path, Digest service, Digest destination) {
        this.spool = spool;
        this.path = path;
        this.service = service;
        this.destination = destination;
    }

    /**
     * Takes over what an earlier engine left in one file. Called in the order of the files, before anything is
     * appended.
     */
    synchronized void inherit(Path file, long number) {
        nextNumber = Math.max(nextNumber, number + 1);
        try {
            long size = Files.size(file);
            SpoolSegment segment = SpoolSegment.scan(file, number);
            if (segment.bytes() < size) {
                corrupt++;
                spool.corrupt(size - segment.bytes());
            }
            if (segment.isDone()) {
                segment.delete();
                return;
            }
            if (segment.bytes() < size) {
                segment.cut();
            }
            segments.add(segment);
            spool.force(segment.bytes());
            count(segment.spans(), segment.counts(), segment.bytes());
        } catch (IOException e) {
            corrupt++;
            spool.corrupt(0);
            LOG.log(Level.WARNING, () -> "in the spool " + file + " cannot be read: " + e);
        }
    }

    /**
     * Writes a record behind all others.
     *
     * @throws IOException if it is not in the spool then: there is no room for it, or the disk does not take it
     */
    synchronized void append(SpoolRecord record) throws IOException {
        int length = record.request().length;
        if (length > SegmentFormat.MAX_REQUEST_BYTES) {
            throw new IOException("a batch is larger than a record may be");
        }
        SpoolSegment last = open;
        boolean fits = last != null && last.bytes() < spool.segmentBytes();
        long needed = SegmentFormat.bytes(length) + (fits ? 0 : SegmentFormat.HEADER_BYTES);
        if (!spool.take(needed)) {
            throw new IOException("it is full");
        }
        try {
            if (last == null || !fits) {
                last = begin(last);
            }
            last.append(record);
        } catch (IOException e) {
            spool.give(needed);
            giveUp(last, e);
            throw e;
        }
        count(record.spans(), record.counts(), needed);
    }

    private SpoolSegment begin(@Nullable SpoolSegment last) throws IOException {
        if (!Files.isDirectory(path)) {
            Files.createDirectory(
                    path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        SpoolSegment begun = SpoolSegment.create(path.resolve(Spool.fileName(nextNumber)), nextNumber);
        nextNumber++;
        if (last != null && segments.peekFirst() != last) {
            last.close();
        }
        segments.add(begun);
        open = begun;
        return begun;
    }

    /** Cuts off what is behind the last whole record, when the disk did not take one: the next begins a new segment. */
    private void giveUp(@Nullable SpoolSegment last, IOException why) {
        SpoolSegment failed = open;
        open = null;
        if (failed == null) {
            return;
        }
        try {
            if (failed.isDone()) {
                segments.remove(failed);
                failed.delete();
            } else if (failed == last) {
                failed.cut();
            }
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    /**
     * Reads the oldest record, for who has the {@link #lease}.
     *
     * @return null if the folder is {@link #isEmpty empty}, or if what is oldest is to be given up,
     *     {@link #skipCorrupt}: it is damaged or gone, or {@value #MAX_READS} reads have failed; its file is then left
     *     to the next engine
     * @throws IOException if it cannot be read now, as when descriptors have run out; it is as it was
     */
    synchronized @Nullable SpoolRecord first() throws IOException {
        SpoolSegment oldest = segments.peekFirst();
        return oldest == null ? null : read(oldest);
    }

    /**
     * Gives up the oldest segment.
     *
     * @return how many spans were in it
     */
    synchronized SpoolRecord skipCorrupt() {
        SpoolSegment oldest = segments.element();
        var lost = new SpoolRecord((int) oldest.spans(), oldest.counts(), new byte[0]);
        corrupt++;
        count(-lost.spans(), Counts.NONE.minus(lost.counts()), 0);
        drop(oldest);
        LOG.log(Level.WARNING, () -> "the spool is damaged: " + lost.spans() + " spans in " + path + " are lost");
        return lost;
    }

    /** Reads the first record of a segment; null if it is damaged, or given up. */
    private @Nullable SpoolRecord read(SpoolSegment segment) throws IOException {
        try {
            SpoolRecord record = segment.first();
            failedReads = 0;
            return record;
        } catch (NoSuchFileException e) {
            LOG.log(Level.WARNING, () -> "in the spool " + segment.path() + " is gone");
            return null;
        } catch (IOException e) {
            LOG.log(Level.WARNING, () -> "in the spool " + segment.path() + " cannot be read: " + e);
            if (++failedReads < MAX_READS) {
                throw e;
            }
            failedReads = 0;
            segment.spare();
            return null;
        }
    }

    /** Marks what {@link #first} returned as done: neither this engine nor the next needs it any more. */
    synchronized void done(SpoolRecord record) {
        SpoolSegment oldest = segments.element();
        try {
            oldest.done(record);
        } catch (IOException e) {
            LOG.log(Level.WARNING, () -> "in the spool " + oldest.path() + " cannot be written: " + e);
        }
        count(-record.spans(), Counts.NONE.minus(record.counts()), 0);
        if (oldest.isDone()) {
            drop(oldest);
        }
    }

    private void drop(SpoolSegment segment) {
        segments.remove(segment);
        if (segment == open) {
            open = null;
        }
        count(0, Counts.NONE, -segment.bytes());
        if (!segment.isSpared()) {
            spool.give(segment.bytes());
        }
        try {
            segment.delete();
        } catch (IOException e) {
            LOG.log(Level.WARNING, () -> "in the spool " + segment.path() + " cannot be deleted: " + e);
        }
    }

    private synchronized void count(long moreSpans, Counts more, long moreBytes) {
        spans += moreSpans;
        counts = counts.plus(more);
        bytes += moreBytes;
    }

    /** Closes the files; what is in them stays. */
    synchronized void close() {
        open = null;
        for (SpoolSegment segment : segments) {
            try {
                segment.close();
            } catch (IOException e) {
                LOG.log(Level.WARNING, () -> "in the spool " + segment.path() + " did not close: " + e);
            }
        }
    }

    /** Who drains the folder, and whose own it is. */
    DrainLease lease() {
        return lease;
    }

    /** Whether no spans wait in the folder. */
    boolean isEmpty() {
        return spans == 0;
    }

    /** The digest of the key of the service whose books its requests are in. */
    Digest service() {
        return service;
    }

    /** The digest of where its records go. */
    Digest destination() {
        return destination;
    }

    /** How many spans wait in the folder. */
    public long spans() {
        return spans;
    }

    /** How many of the spans the service's books count. */
    Counts counts() {
        return counts;
    }

    /** How many bytes its files have. */
    public long bytes() {
        return bytes;
    }

    /** In how many places a file was found damaged so far. */
    public long corrupt() {
        return corrupt;
    }
}
