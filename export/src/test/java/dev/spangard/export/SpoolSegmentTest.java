// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.spangard.books.Counts;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpoolSegmentTest {
    private static final long NUMBER = 7;

    @TempDir
    Path directory;

    private Path file = Path.of("");

    @BeforeEach
    void name() {
        file = directory.resolve(Spool.fileName(NUMBER));
    }

    private static SpoolRecord record(int spans, int requests, String text) {
        return new SpoolRecord(spans, Counts.ofRequests(requests), text.getBytes(StandardCharsets.UTF_8));
    }

    private static String shown(SpoolRecord record) {
        return record.spans() + "/" + record.counts().requests() + " "
                + new String(record.request(), StandardCharsets.UTF_8);
    }

    /** All that are not done, in order; marks them. */
    private static List<String> drained(SpoolSegment segment) throws IOException {
        List<String> all = new ArrayList<>();
        for (SpoolRecord record = segment.first(); record != null; record = segment.first()) {
            all.add(shown(record));
            segment.done(record);
        }
        return all;
    }

    private SpoolSegment written(SpoolRecord... records) throws IOException {
        SpoolSegment segment = SpoolSegment.create(file, NUMBER);
        for (SpoolRecord record : records) {
            segment.append(record);
        }
        segment.close();
        return segment;
    }

    private SpoolSegment scanned() throws IOException {
        return SpoolSegment.scan(file, NUMBER);
    }

    @Test
    void givesBackWhatAnEarlierEngineWroteAndHadNotDone() throws IOException {
        SpoolSegment first = written(record(3, 2, "a"), record(1, 1, "b"), record(5, 0, ""));
        first.done(requireNonNull(first.first()));
        first.close();

        SpoolSegment next = scanned();

        assertThat(next.spans()).isEqualTo(6);
        assertThat(next.counts().requests()).isEqualTo(1);
        assertThat(next.bytes()).isEqualTo(Files.size(file));
        assertThat(drained(next)).containsExactly("1/1 b", "5/0 ");
        assertThat(next.isDone()).isTrue();
        assertThat(scanned().isDone()).isTrue();
        next.delete();
        assertThat(file).doesNotExist();
    }

    @Test
    void isWrittenAsDescribed() throws IOException {
        SpoolSegment segment = SpoolSegment.create(file, NUMBER);
        segment.append(new SpoolRecord(4, new Counts(1, 2), new byte[] {'a', 'b', 'c'}));
        segment.append(record(1, 0, ""));
        segment.close();
        mark(20 + 24 + 3);
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file)))
                .isEqualTo("53504753504f4f4c" + "00000002" + "0000000000000007" // header
                        + "00000000" + hex(crc(20, 4, new Counts(1, 2), "abc")) + "00000004" + "00000001" + "00000002"
                        + "00000003" + "616263"
                        + "444f4e45" + hex(crc(47, 1, Counts.NONE, "")) + "00000001" + "00000000" + "00000000"
                        + "00000000");
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    private void mark(long at) throws IOException {
        try (var raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.seek(at);
            raw.writeInt(0x444f4e45);
        }
    }

    private static String hex(int value) {
        return HexFormat.of().toHexDigits(value);
    }

    private static int crc(long at, int spans, Counts counts, String text) {
        var crc = new CRC32C();
        crc.update(ByteBuffer.allocate(32)
                .putLong(NUMBER)
                .putLong(at)
                .putInt(spans)
                .putInt((int) counts.requests())
                .putInt((int) counts.spans())
                .putInt(text.length())
                .flip());
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }

    @Test
    void neverGoesOnInAFileThatIsThere() throws IOException {
        written();

        assertThatThrownBy(() -> SpoolSegment.create(file, NUMBER)).isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void followsNoLink() throws IOException {
        Path elsewhere = directory.resolve("elsewhere");
        SpoolSegment.create(elsewhere, NUMBER).close();
        Files.createSymbolicLink(file, elsewhere);

        assertThatThrownBy(this::scanned).isInstanceOf(IOException.class);
    }

    @Test
    void keepsWhatIsBeforeATornTail() throws IOException {
        written(record(1, 1, "whole"), record(2, 2, "torn"));
        long size = Files.size(file);
        long second = size - "torn".length() - SegmentFormat.RECORD_HEAD_BYTES;
        byte[] all = Files.readAllBytes(file);
        for (long cut = second; cut < size; cut++) {
            Files.write(file, Arrays.copyOf(all, (int) cut));

            SpoolSegment segment = scanned();

            assertThat(segment.bytes()).isEqualTo(second);
            assertThat(drained(segment)).containsExactly("1/1 whole");
            segment.close();
        }
    }

    @Test
    void isNoneWithoutItsHeader() throws IOException {
        written(record(1, 1, "a"));
        byte[] all = Files.readAllBytes(file);
        for (int i = 0; i < SegmentFormat.HEADER_BYTES; i++) {
            byte[] changed = all.clone();
            changed[i] ^= 1;
            Files.write(file, changed);

            assertThat(scanned().bytes()).isZero();
            assertThat(scanned().isDone()).isTrue();
        }
        Files.write(file, new byte[0]);
        assertThat(scanned().bytes()).isZero();
    }

    @Test
    void takesNoRecordOfAnotherSegmentOrPlace() throws IOException {
        written(record(1, 1, "a"), record(1, 1, "b"));
        byte[] all = Files.readAllBytes(file);
        Path other = directory.resolve(Spool.fileName(8));
        SpoolSegment.create(other, 8).close();
        byte[] head = Files.readAllBytes(other);
        byte[] mixed = all.clone();
        System.arraycopy(head, 0, mixed, 0, head.length);
        Files.write(other, mixed);
        assertThat(SpoolSegment.scan(other, 8).bytes()).isEqualTo(SegmentFormat.HEADER_BYTES);

        byte[] swapped = all.clone();
        System.arraycopy(all, 20, swapped, 45, 25);
        System.arraycopy(all, 45, swapped, 20, 25);
        Files.write(file, swapped);
        assertThat(scanned().bytes()).isEqualTo(SegmentFormat.HEADER_BYTES);
    }

    /** Of any damage: no exception, no record that was not written, none behind one that was not, none twice. */
    @Test
    void yieldsOnlyWhatWasWrittenHoweverItsFileIsDamaged() throws IOException {
        Random random = new Random(20_261_124);
        List<SpoolRecord> records = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            byte[] request = new byte[random.nextInt(40)];
            random.nextBytes(request);
            records.add(new SpoolRecord(1 + random.nextInt(5), Counts.ofRequests(1), request));
        }
        written(records.toArray(SpoolRecord[]::new));
        List<String> all = records.stream().map(SpoolSegmentTest::shown).toList();
        byte[] whole = Files.readAllBytes(file);
        for (int round = 0; round < 3000; round++) {
            Files.write(file, damaged(whole, round, random));

            SpoolSegment segment = scanned();
            List<String> told = drained(segment);
            segment.close();

            int from = 0;
            for (String record : told) {
                int at = all.subList(from, all.size()).indexOf(record);
                assertThat(at).as("round %d: %s in %s", round, told, all).isNotNegative();
                from += at + 1;
            }
            assertThat(segment.isDone()).isTrue();
            assertThat(segment.bytes()).isLessThanOrEqualTo(Files.size(file));
        }
    }

    /** Each byte once, then cuts, runs of noise and numbers as hostile as they come. */
    private static byte[] damaged(byte[] whole, int round, Random random) {
        byte[] bytes = whole.clone();
        if (round < bytes.length) {
            bytes[round] ^= (byte) (1 << random.nextInt(8));
            return bytes;
        }
        int at = random.nextInt(bytes.length);
        switch (round % 4) {
            case 0 -> bytes = Arrays.copyOf(bytes, at);
            case 1 -> {
                for (int i = at; i < Math.min(bytes.length, at + 8); i++) {
                    bytes[i] = (byte) random.nextInt();
                }
            }
            case 2 -> {
                int value = new int[] {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, 0, 1 << 30}[random.nextInt(5)];
                ByteBuffer.wrap(bytes).putInt(Math.min(at, bytes.length - 4), value);
            }
            default -> {
                bytes = Arrays.copyOf(bytes, bytes.length + 64);
                for (int i = whole.length; i < bytes.length; i++) {
                    bytes[i] = (byte) random.nextInt();
                }
            }
        }
        return bytes;
    }

    @Test
    void doesNotMakeRoomForWhatALengthClaims() throws IOException {
        SpoolSegment segment = written(record(1, 1, "a"));
        try (var raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.seek(20 + 20);
            raw.writeInt(SegmentFormat.MAX_REQUEST_BYTES);
        }
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        segment.first();
        scanned();
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThat(segment.first()).isNull();
        assertThat(scanned().isDone()).isTrue();
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
        segment.close();
    }

    @Test
    void findsDamageThatCameAfterItWasRead() throws IOException {
        SpoolSegment segment = written(record(1, 1, "abc"));
        try (var raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.seek(40);
            raw.write('x');
        }
        assertThat(segment.first()).isNull();
        assertThat(segment.isDone()).isFalse();
        segment.close();
    }

    @Test
    void isAsBeforeWhenTheDiskTakesNoRecord() throws IOException {
        SpoolSegment segment = written(record(1, 1, "a"));
        Files.delete(file);
        Files.createDirectory(file);

        assertThatThrownBy(() -> segment.append(record(1, 1, "b"))).isInstanceOf(IOException.class);
        assertThat(segment.spans()).isEqualTo(1);
    }
}
