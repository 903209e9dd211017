// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How a file of a spool is laid out.
 *
 * <pre>
 *     0 | "SPGSPOOL"                           | 8 bytes
 *     8 | version, 2                           | 4
 *    12 | number of the segment                | 8
 *    20 | records                              |
 *
 *     0 | mark: 0, or "DONE"                   | 4
 *     4 | CRC-32C of all but mark and itself   | 4    begun with the number of the segment and the record's place in it
 *     8 | spans                                | 4
 *    12 | of them: requests                    | 4
 *    16 | of them: spans of applications' own  | 4
 *    20 | length of what follows               | 4
 *    24 | ExportTraceServiceRequest            |
 * </pre>
 *
 * <p>What the file says is believed only as far as its checksums go: a record that is cut, changed, at another place or
 * in another file than it was written is none, and nothing after it is. No length is allocated that the file does not
 * have.
 */
final class SegmentFormat {
    static final long MAGIC = 0x53_50_47_53_50_4f_4f_4cL;
    static final int VERSION = 2;
    static final int HEADER_BYTES = 20;
    static final int RECORD_HEAD_BYTES = 24;
    /** How large a record's request may be: a batch is 3 MiB at most, or one span, which the socket takes 1 MiB of. */
    static final int MAX_REQUEST_BYTES = 8 << 20;

    static final int DONE = 0x44_4f_4e_45;
    static final int MARK_BYTES = 4;
    private static final int CHECKED_FROM = 8;

    private SegmentFormat() {}

    /** The fixed part of a record. */
    record Head(int mark, int crc, int spans, Counts counts, int length) {
        long bytes() {
            return (long) RECORD_HEAD_BYTES + length;
        }
    }

    /** Reads the head of the record there; null if there is none that could be one. */
    static @Nullable Head head(FileChannel from, long at, long size) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(RECORD_HEAD_BYTES);
        if (!read(from, bytes, at)) {
            return null;
        }
        Head head = new Head(
                bytes.getInt(),
                bytes.getInt(),
                bytes.getInt(),
                new Counts(bytes.getInt(), bytes.getInt()),
                bytes.getInt());
        boolean canBe = (head.mark == 0 || head.mark == DONE)
                && head.spans > 0
                && head.counts.requests() >= 0
                && head.counts.spans() >= 0
                && head.counts.requests() + head.counts.spans() <= head.spans
                && head.length >= 0
                && head.length <= MAX_REQUEST_BYTES
                && at + head.bytes() <= size;
        return canBe ? head : null;
    }

    /** Begins the checksum of a record with its head: what follows is still to be added. */
    static CRC32C crc(long number, long at, int ofSpans, Counts counts, int length) {
        var crc = new CRC32C();
        crc.update(ByteBuffer.allocate(2 * Long.BYTES + RECORD_HEAD_BYTES - CHECKED_FROM)
                .putLong(number)
                .putLong(at)
                .putInt(ofSpans)
                .putInt((int) counts.requests())
                .putInt((int) counts.spans())
                .putInt(length)
                .flip());
        return crc;
    }

    /** The header of the segment of this number. */
    static ByteBuffer header(long number) {
        return ByteBuffer.allocate(HEADER_BYTES)
                .putLong(MAGIC)
                .putInt(VERSION)
                .putLong(number)
                .flip();
    }

    /** How many bytes a record with so large a request adds to a file. */
    static long bytes(int length) {
        return (long) RECORD_HEAD_BYTES + length;
    }

    /** Writes all of it. */
    static void write(FileChannel to, ByteBuffer bytes, long at) throws IOException {
        int begun = bytes.position();
        while (bytes.hasRemaining()) {
            to.write(bytes, at + bytes.position() - begun);
        }
    }

    /** Reads until {@code into} is full, and makes it ready to be taken from; false if the file ends before. */
    static boolean read(FileChannel from, ByteBuffer into, long at) throws IOException {
        while (into.hasRemaining()) {
            if (from.read(into, at + into.position()) < 0) {
                return false;
            }
        }
        into.flip();
        return true;
    }
}
