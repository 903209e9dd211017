// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

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
 * One file of a spool: records in the order in which they were appended, each marked when it is done with. All numbers are
 * big-endian.
 *
 * <pre>
 *     0 | "SPGSPOOL"                           | 8 bytes
 *     8 | version, 1                           | 4
 *    12 | number of the segment                | 8
 *    20 | records                              |
 *
 *     0 | mark: 0, or "DONE"                   | 4
 *     4 | CRC-32C of all but mark and itself   | 4    begun with the number of the segment and the record's place in it
 *     8 | spans                                | 4
 *    12 | of them: requests                    | 4
 *    16 | length of what follows               | 4
 *    20 | ExportTraceServiceRequest            |
 * </pre>
 *
 * <p>What the file says is believed only as far as its checksums go: a record that is cut, changed, at another place or in
 * another file than it was written is none, and nothing after it is. No length is allocated that the file does not have.
 *
 * <p>One thread at a time; the {@link SpoolFolder}'s lock sees to it.
 */
final class SpoolSegment {
    static final long MAGIC = 0x53_50_47_53_50_4f_4f_4cL;
    static final int VERSION = 1;
    static final int HEADER_BYTES = 20;
    static final int RECORD_HEAD_BYTES = 20;
    /** Of a record: a batch is 3 MiB at most, or one span, which the socket takes 1 MiB of. */
    static final int MAX_REQUEST_BYTES = 8 << 20;

    private static final int DONE = 0x44_4f_4e_45;
    private static final int MARK_BYTES = 4;
    private static final int CHECKED_FROM = 8;
    private static final int READ_BYTES = 64 << 10;

    private final Path path;
    private final long number;
    /** Open while somebody appends or reads. */
    private @Nullable FileChannel file;
    /** Where the records end; the file may be longer if an append failed. */
    private long end = HEADER_BYTES;
    /** Of the first record that is not done. */
    private long next = HEADER_BYTES;

    private long spans;
    private long requests;
    private boolean spared;

    private SpoolSegment(Path path, long number) {
        this.path = path;
        this.number = number;
    }

    /** A new one, open, of mode 0600. */
    static SpoolSegment create(Path path, long number) throws IOException {
        var segment = new SpoolSegment(path, number);
        FileChannel made = FileChannel.open(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        segment.file = made;
        try {
            write(made, header(number), 0);
            return segment;
        } catch (IOException e) {
            segment.delete();
            throw e;
        }
    }

    /**
     * What an earlier engine left, as far as it can be believed; not open. Reads all of it, and holds {@value #READ_BYTES}
     * bytes.
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
        ByteBuffer head = ByteBuffer.allocate(HEADER_BYTES);
        if (!read(from, head, 0) || !head.equals(header(number))) {
            end = 0;
            next = 0;
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
        for (Head record = head(from, end, size); record != null; record = head(from, end, size)) {
            if (!isIntact(from, record, end, buffer)) {
                return;
            }
            end += record.bytes();
            if (record.mark == 0) {
                spans += record.spans;
                requests += record.requests;
            } else if (requests == 0 && spans == 0) {
                next = end;
            }
        }
    }

    /** The fixed part of a record. */
    private record Head(int mark, int crc, int spans, int requests, int length) {
        long bytes() {
            return (long) RECORD_HEAD_BYTES + length;
        }
    }

    /** Of the record there; null if there is none that could be. */
    private static @Nullable Head head(FileChannel from, long at, long size) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(RECORD_HEAD_BYTES);
        if (!read(from, bytes, at)) {
            return null;
        }
        Head head = new Head(bytes.getInt(), bytes.getInt(), bytes.getInt(), bytes.getInt(), bytes.getInt());
        boolean canBe = (head.mark == 0 || head.mark == DONE)
                && head.spans > 0
                && head.requests >= 0
                && head.requests <= head.spans
                && head.length >= 0
                && head.length <= MAX_REQUEST_BYTES
                && at + head.bytes() <= size;
        return canBe ? head : null;
    }

    private boolean isIntact(FileChannel from, Head head, long at, ByteBuffer buffer) throws IOException {
        CRC32C crc = crc(at, head.spans, head.requests, head.length);
        long until = at + head.bytes();
        for (long place = at + RECORD_HEAD_BYTES; place < until; place += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), until - place));
            if (!read(from, buffer, place)) {
                return false;
            }
            crc.update(buffer.duplicate());
        }
        return (int) crc.getValue() == head.crc;
    }

    private CRC32C crc(long at, int ofSpans, int ofRequests, int length) {
        var crc = new CRC32C();
        crc.update(ByteBuffer.allocate(2 * Long.BYTES + RECORD_HEAD_BYTES - CHECKED_FROM)
                .putLong(number)
                .putLong(at)
                .putInt(ofSpans)
                .putInt(ofRequests)
                .putInt(length)
                .flip());
        return crc;
    }

    private static ByteBuffer header(long number) {
        return ByteBuffer.allocate(HEADER_BYTES)
                .putLong(MAGIC)
                .putInt(VERSION)
                .putLong(number)
                .flip();
    }

    /** What a record with so large a request adds to a file. */
    static long bytes(int length) {
        return (long) RECORD_HEAD_BYTES + length;
    }

    /** @throws IOException if it is not written; then the segment is as before */
    void append(SpoolRecord record) throws IOException {
        FileChannel to = open();
        int length = record.request().length;
        CRC32C crc = crc(end, record.spans(), record.requests(), length);
        crc.update(record.request());
        ByteBuffer head = ByteBuffer.allocate(RECORD_HEAD_BYTES)
                .putInt(0)
                .putInt((int) crc.getValue())
                .putInt(record.spans())
                .putInt(record.requests())
                .putInt(length)
                .flip();
        // The head last: killed in between, the engine leaves a head of zeros, which is none.
        write(to, ByteBuffer.wrap(record.request()), end + RECORD_HEAD_BYTES);
        write(to, head, end);
        end += bytes(length);
        spans += record.spans();
        requests += record.requests();
    }

    /**
     * The first record that is not done.
     *
     * @return null if there is none, though {@link #isDone} may say otherwise: then the file has been damaged
     */
    @Nullable
    SpoolRecord first() throws IOException {
        FileChannel from = open();
        for (Head head = head(from, next, end); head != null; head = head(from, next, end)) {
            if (head.mark == 0) {
                ByteBuffer request = ByteBuffer.allocate(head.length);
                CRC32C crc = crc(next, head.spans, head.requests, head.length);
                if (!read(from, request, next + RECORD_HEAD_BYTES)) {
                    return null;
                }
                crc.update(request.array());
                return (int) crc.getValue() == head.crc
                        ? new SpoolRecord(head.spans, head.requests, request.array())
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
        next += bytes(record.request().length);
        spans -= record.spans();
        requests -= record.requests();
        write(open(), ByteBuffer.allocate(MARK_BYTES).putInt(DONE).flip(), at);
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

    private static void write(FileChannel to, ByteBuffer bytes, long at) throws IOException {
        int begun = bytes.position();
        while (bytes.hasRemaining()) {
            to.write(bytes, at + bytes.position() - begun);
        }
    }

    /** All of it, and ready to be taken from it; false if the file ends before. */
    private static boolean read(FileChannel from, ByteBuffer into, long at) throws IOException {
        while (into.hasRemaining()) {
            if (from.read(into, at + into.position()) < 0) {
                return false;
            }
        }
        into.flip();
        return true;
    }

    /** Spans of records that are not done. */
    long spans() {
        return spans;
    }

    /** Of {@link #spans}. */
    long requests() {
        return requests;
    }

    boolean isDone() {
        return spans == 0;
    }

    /** Of header and intact records: 0 if this is no segment at all. */
    long bytes() {
        return end;
    }

    Path path() {
        return path;
    }

    /** What is behind the last intact record goes. */
    void cut() throws IOException {
        open().truncate(end);
        close();
    }

    /** Opened again when it is needed. */
    void close() throws IOException {
        FileChannel opened = file;
        file = null;
        if (opened != null) {
            opened.close();
        }
    }

    /** The file stays from now on, whoever deletes it: what is in it may still be read one day. */
    void spare() {
        spared = true;
    }

    boolean isSpared() {
        return spared;
    }

    void delete() throws IOException {
        close();
        if (!spared) {
            Files.deleteIfExists(path);
        }
    }
}
