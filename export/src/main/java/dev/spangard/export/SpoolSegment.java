// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One file of a spool: records in the order in which they were appended, each marked when it is done with. All numbers
 * are big-endian ({@link SegmentFormat}).
 *
 * <p>Used by one thread at a time, under the {@link SpoolFolder}'s lock. Its calls take as long as the disk does, and
 * throw what that throws.
 */
final class SpoolSegment {
    private static final int READ_BYTES = 64 << 10;

    private final Path path;
    private final long number;
    /** The open file; null while nobody appends or reads. */
    private @Nullable FileChannel file;
    /** Where the records end; the file may be longer if an append failed. */
    private long end = SegmentFormat.HEADER_BYTES;
    /** Where the first record begins that is not done. */
    private long next = SegmentFormat.HEADER_BYTES;

    private long spans;
    private Counts counts = Counts.NONE;
    private boolean spared;

    private SpoolSegment(Path path, long number) {
        this.path = path;
        this.number = number;
    }

    /** Makes a new file of mode 0600, and leaves it open. */
    static SpoolSegment create(Path path, long number) throws IOException {
        var segment = new SpoolSegment(path, number);
        FileChannel made = FileChannel.open(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        segment.file = made;
        try {
            SegmentFormat.write(made, SegmentFormat.header(number), 0);
            return segment;
        } catch (IOException e) {
            segment.delete();
            throw e;
        }
    }

    /**
     * Reads what an earlier engine left, as far as it can be believed, {@value #READ_BYTES} bytes at a time. The file
     * is not open after that.
     *
     * @throws IOException if it cannot be read at all
     */
    static SpoolSegment scan(Path path, long number) throws IOException {
        var segment = new SpoolSegment(path, number);
        try (FileChannel from = FileChannel.open(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            segment.scan(from);
        }
        return segment;
    }

    private void scan(FileChannel from) throws IOException {
        long size = from.size();
        ByteBuffer head = ByteBuffer.allocate(SegmentFormat.HEADER_BYTES);
        if (!SegmentFormat.read(from, head, 0) || !head.equals(SegmentFormat.header(number))) {
            end = 0;
            next = 0;
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
        for (SegmentFormat.Head record = SegmentFormat.head(from, end, size);
                record != null;
                record = SegmentFormat.head(from, end, size)) {
            if (!isIntact(from, record, end, buffer)) {
                return;
            }
            end += record.bytes();
            if (record.mark() == 0) {
                spans += record.spans();
                counts = counts.plus(record.counts());
            } else if (spans == 0) {
                next = end;
            }
        }
    }

    private boolean isIntact(FileChannel from, SegmentFormat.Head head, long at, ByteBuffer buffer) throws IOException {
        CRC32C crc = SegmentFormat.crc(number, at, head.spans(), head.counts(), head.length());
        long until = at + head.bytes();
        for (long place = at + SegmentFormat.RECORD_HEAD_BYTES; place < until; place += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), until - place));
            if (!SegmentFormat.read(from, buffer, place)) {
                return false;
            }
            crc.update(buffer.duplicate());
        }
        return (int) crc.getValue() == head.crc();
    }

    /**
     * Writes a record behind the others.
     *
     * @throws IOException if it is not written; then the segment is as before
     */
    void append(SpoolRecord record) throws IOException {
        FileChannel to = open();
        int length = record.request().length;
        CRC32C crc = SegmentFormat.crc(number, end, record.spans(), record.counts(), length);
        crc.update(record.request());
        ByteBuffer head = ByteBuffer.allocate(SegmentFormat.RECORD_HEAD_BYTES)
                .putInt(0)
                .putInt((int) crc.getValue())
                .putInt(record.spans())
                .putInt((int) record.counts().requests())
                .putInt((int) record.counts().spans())
                .putInt(length)
                .flip();
        // The head last: killed in between, the engine leaves a head of zeros, which is none.
        SegmentFormat.write(to, ByteBuffer.wrap(record.request()), end + SegmentFormat.RECORD_HEAD_BYTES);
        SegmentFormat.write(to, head, end);
        end += SegmentFormat.bytes(length);
        spans += record.spans();
        counts = counts.plus(record.counts());
    }

    /**
     * Reads the first record that is not done.
     *
     * @return null if there is none, though {@link #isDone} may say otherwise: then the file has been damaged
     */
    @Nullable
    SpoolRecord first() throws IOException {
        FileChannel from = open();
        for (SegmentFormat.Head head = SegmentFormat.head(from, next, end);
                head != null;
                head = SegmentFormat.head(from, next, end)) {
            if (head.mark() == 0) {
                ByteBuffer request = ByteBuffer.allocate(head.length());
                CRC32C crc = SegmentFormat.crc(number, next, head.spans(), head.counts(), head.length());
                if (!SegmentFormat.read(from, request, next + SegmentFormat.RECORD_HEAD_BYTES)) {
                    return null;
                }
                crc.update(request.array());
                return (int) crc.getValue() == head.crc()
                        ? new SpoolRecord(head.spans(), head.counts(), request.array())
                        : null;
            }
            next += head.bytes();
        }
        return null;
    }

    /**
     * Marks a record as done.
     *
     * @param record as {@link #first} returned it: will not be returned again, by whatever engine
     */
    void done(SpoolRecord record) throws IOException {
        long at = next;
        next += SegmentFormat.bytes(record.request().length);
        spans -= record.spans();
        counts = counts.minus(record.counts());
        SegmentFormat.write(
                open(),
                ByteBuffer.allocate(SegmentFormat.MARK_BYTES)
                        .putInt(SegmentFormat.DONE)
                        .flip(),
                at);
    }

    private FileChannel open() throws IOException {
        FileChannel opened = file;
        if (opened == null) {
            opened = FileChannel.open(
                    path, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
            file = opened;
        }
        return opened;
    }

    /** How many spans the records have that are not done. */
    long spans() {
        return spans;
    }

    /** How many of the {@link #spans} the books count. */
    Counts counts() {
        return counts;
    }

    /** Whether all records are done. */
    boolean isDone() {
        return spans == 0;
    }

    /** How many bytes the header and the intact records have: 0 if this is no segment at all. */
    long bytes() {
        return end;
    }

    Path path() {
        return path;
    }

    /** Cuts off what is behind the last intact record. */
    void cut() throws IOException {
        open().truncate(end);
        close();
    }

    /** Closes the file, which is opened again when it is needed. */
    void close() throws IOException {
        FileChannel opened = file;
        file = null;
        if (opened != null) {
            opened.close();
        }
    }

    /** Has {@link #delete} leave the file from now on: what is in it may still be read one day. */
    void spare() {
        spared = true;
    }

    boolean isSpared() {
        return spared;
    }

    /** Closes the file and deletes it, unless it is spared. */
    void delete() throws IOException {
        close();
        if (!spared) {
            Files.deleteIfExists(path);
        }
    }
}
