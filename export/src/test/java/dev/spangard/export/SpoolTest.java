// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.books.Digest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpoolTest {
    private static final Digest SHOP = Digest.of("shop");
    private static final Digest BLOG = Digest.of("blog");
    private static final Digest THERE = Digest.of("otlp there");
    /** With its head, 1,020 bytes. */
    private static final SpoolRecord RECORD = new SpoolRecord(2, 1, new byte[1000]);

    @TempDir
    Path temporary;

    private Path directory = Path.of("");
    private @Nullable Spool opened;

    @BeforeEach
    void name() {
        directory = temporary.resolve("spool");
    }

    private Spool open(long limit) throws IOException {
        close();
        Spool spool = Spool.open(directory, limit);
        opened = spool;
        return spool;
    }

    @AfterEach
    void close() {
        if (opened != null) {
            opened.close();
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("lock"))
                    .sorted()
                    .toList();
        }
    }

    private static int drained(SpoolFolder folder) throws IOException {
        int records = 0;
        while (!folder.isEmpty()) {
            SpoolRecord record = folder.first();
            if (record == null) {
                folder.spoil();
            } else {
                folder.done(record);
                records++;
            }
        }
        return records;
    }

    @Test
    void isForItsUserAloneAndNamesNothing() throws IOException {
        open(Spool.MIN_BYTES).folder(SHOP, THERE).append(RECORD);

        assertThat(mode(directory)).isEqualTo("rwx------");
        assertThat(mode(directory.resolve("lock"))).isEqualTo("rw-------");
        Path folder = files().getFirst().getParent();
        assertThat(requireNonNull(folder).getFileName()).hasToString(SHOP.hex() + '-' + THERE.hex());
        assertThat(mode(folder)).isEqualTo("rwx------");
        assertThat(mode(files().getFirst())).isEqualTo("rw-------");
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void isNoDirectoryThatOthersMayEnter() throws IOException {
        Files.createDirectory(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));

        assertThatThrownBy(() -> open(Spool.MIN_BYTES))
                .isInstanceOf(IOException.class)
                .hasMessage(directory + " must have mode rwx------ (0700), not rwxr-xr-x");
    }

    @Test
    void isOfOneEngineAtATime() throws IOException {
        open(Spool.MIN_BYTES);

        assertThatThrownBy(() -> Spool.open(directory, Spool.MIN_BYTES))
                .isInstanceOf(IOException.class)
                .hasMessage("another engine has the spool " + directory);
    }

    @Test
    void holdsWhatAnEarlierEngineLeftAndForgetsWhatWasDone() throws IOException {
        SpoolFolder before = open(Spool.MIN_BYTES).folder(SHOP, THERE);
        for (int i = 0; i < 5; i++) {
            before.append(RECORD);
        }
        before.done(requireNonNull(before.first()));

        Spool spool = open(Spool.MIN_BYTES);
        SpoolFolder after = spool.folder(SHOP, THERE);

        assertThat(after.spans()).isEqualTo(8);
        assertThat(spool.requests(SHOP)).isEqualTo(4);
        assertThat(spool.requests(BLOG)).isZero();
        assertThat(spool.used()).isEqualTo(after.bytes()).isEqualTo(Files.size(files().getFirst()));
        after.append(RECORD);
        assertThat(files()).hasSize(2);
        assertThat(drained(after)).isEqualTo(5);
        assertThat(spool.used()).isZero();
        assertThat(files()).isEmpty();
    }

    @Test
    void takesNothingBeyondItsLimitAndAllUpToIt() throws IOException {
        int head = SpoolSegment.HEADER_BYTES;
        Spool spool = open(head + 2 * 1020 + 1019);
        SpoolFolder folder = spool.folder(SHOP, THERE);
        // A segment of so small a spool has one record: the second needs a header of its own.
        folder.append(RECORD);
        folder.append(RECORD);
        long free = spool.limit() - spool.used();
        int largest = (int) (free - head - SpoolSegment.RECORD_HEAD_BYTES);

        assertThatThrownBy(() -> folder.append(new SpoolRecord(1, 1, new byte[largest + 1])))
                .isInstanceOf(IOException.class)
                .hasMessage("it is full");
        folder.append(new SpoolRecord(1, 1, new byte[largest]));

        assertThat(spool.used()).isEqualTo(spool.limit());
        assertThatThrownBy(() -> spool.folder(BLOG, THERE).append(new SpoolRecord(1, 1, new byte[0])))
                .hasMessage("it is full");
        folder.done(requireNonNull(folder.first()));
        spool.folder(BLOG, THERE).append(new SpoolRecord(1, 1, new byte[0]));
    }

    @Test
    void takesNoRecordLargerThanOneMayBe() throws IOException {
        SpoolFolder folder = open(Spool.DEFAULT_BYTES).folder(SHOP, THERE);

        folder.append(new SpoolRecord(1, 1, new byte[SpoolSegment.MAX_REQUEST_BYTES]));
        assertThatThrownBy(() -> folder.append(new SpoolRecord(1, 1, new byte[SpoolSegment.MAX_REQUEST_BYTES + 1])))
                .isInstanceOf(IOException.class);

        assertThat(drained(folder)).isEqualTo(1);
    }

    @Test
    void isAsBeforeWhenTheDiskFailsAndGoesOnWhenItDoesNot() throws IOException {
        Spool spool = open(Spool.MIN_BYTES);
        SpoolFolder folder = spool.folder(SHOP, THERE);
        Path path = Files.createFile(directory.resolve(SHOP.hex() + '-' + THERE.hex()));

        assertThatThrownBy(() -> folder.append(RECORD)).isInstanceOf(IOException.class);
        assertThat(spool.used()).isZero();
        assertThat(folder.isEmpty()).isTrue();

        Files.delete(path);
        folder.append(RECORD);
        assertThat(drained(folder)).isEqualTo(1);
    }

    @Test
    void cutsATornTailOffAndSaysSo() throws IOException {
        SpoolFolder before = open(Spool.MIN_BYTES).folder(SHOP, THERE);
        before.append(RECORD);
        before.append(RECORD);
        Path file = files().getFirst();
        try (var raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.setLength(raw.length() - 1);
        }

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            Spool spool = open(Spool.MIN_BYTES);

            SpoolFolder after = spool.folder(SHOP, THERE);
            assertThat(after.spans()).isEqualTo(2);
            assertThat(after.spoiled()).isEqualTo(1);
            assertThat(Files.size(file)).isEqualTo(20 + 1020).isEqualTo(spool.used());
            assertThat(log.lines())
                    .extracting(line -> line.substring(line.indexOf("the spool")))
                    .containsExactly(
                            "the spool " + directory + " has 2 spans of 1 exporters, 1040 bytes that wait for their"
                                    + " services",
                            "the spool " + directory + " is damaged: 1019 bytes are no records");
        }
        assertThat(open(Spool.MIN_BYTES).folder(SHOP, THERE).spoiled()).isZero();
    }

    @Test
    void leavesAloneWhatIsNotItsOwn() throws IOException {
        open(Spool.MIN_BYTES);
        Path stranger = Files.createDirectory(directory.resolve("mine"));
        Files.writeString(stranger.resolve("0000000000000000.spool"), "keep");
        Path target = Files.createDirectory(temporary.resolve("target"));
        Files.writeString(target.resolve("0000000000000000.spool"), "keep");
        Files.createSymbolicLink(directory.resolve(SHOP.hex() + '-' + THERE.hex()), target);

        Spool spool = open(Spool.MIN_BYTES);

        assertThat(spool.used()).isZero();
        assertThat(stranger.resolve("0000000000000000.spool")).hasContent("keep");
        assertThat(target.resolve("0000000000000000.spool")).hasContent("keep");
    }

    @Test
    void givesUpASegmentThatWasDamagedMeanwhile() throws IOException {
        Spool spool = open(Spool.MIN_BYTES);
        SpoolFolder folder = spool.folder(SHOP, THERE);
        folder.append(RECORD);
        folder.append(RECORD);
        try (var raw = new RandomAccessFile(files().getFirst().toFile(), "rw")) {
            raw.seek(100);
            raw.write(1);
        }

        assertThat(folder.first()).isNull();
        assertThat(folder.isEmpty()).isFalse();
        SpoolRecord lost = folder.spoil();

        assertThat(lost.spans()).isEqualTo(4);
        assertThat(lost.requests()).isEqualTo(2);
        assertThat(folder.isEmpty()).isTrue();
        assertThat(folder.spoiled()).isEqualTo(1);
        assertThat(spool.used()).isZero();
        folder.append(RECORD);
        assertThat(drained(folder)).isEqualTo(1);
    }

    @Test
    void handsOutAFolderThatNobodyOwnsToOneOfItsDestinationOnly() throws IOException {
        Spool spool = open(Spool.MIN_BYTES);
        SpoolFolder folder = spool.folder(SHOP, THERE);
        folder.append(RECORD);
        folder.own();
        assertThat(spool.orphan(THERE)).isNull();
        folder.disown();

        assertThat(spool.orphan(Digest.of("otlp elsewhere"))).isNull();
        assertThat(spool.orphan(THERE)).isSameAs(folder);
        assertThat(spool.orphan(THERE)).isNull();
        folder.give();
        assertThat(spool.orphan(THERE)).isSameAs(folder);
    }

    /** As when descriptors have run out: a path that cannot be opened for now is a link here. */
    @Test
    void keepsWhatCannotBeReadForAWhile() throws IOException {
        Spool spool = written();
        SpoolFolder folder = spool.folder(SHOP, THERE);
        Path file = files().getFirst();
        Path aside = Files.move(file, directory.resolve("aside"));
        Files.createSymbolicLink(file, aside);

        for (int i = 1; i < SpoolFolder.MAX_READS; i++) {
            assertThatThrownBy(folder::first).isInstanceOf(IOException.class);
        }
        assertThat(folder.spans()).isEqualTo(2);
        assertThat(folder.spoiled()).isZero();

        Files.delete(file);
        Files.move(aside, file);
        assertThat(drained(folder)).isEqualTo(1);
        assertThat(folder.spoiled()).isZero();
        assertThat(files()).isEmpty();
    }

    @Test
    void goesOnBehindWhatCannotBeReadAtAllAndLeavesItToTheNextEngine() throws IOException {
        Spool spool = written();
        SpoolFolder folder = spool.folder(SHOP, THERE);
        folder.append(RECORD);
        Path file = files().getFirst();
        Path aside = Files.move(file, directory.resolve("aside"));
        Files.createSymbolicLink(file, aside);

        for (int i = 1; i < SpoolFolder.MAX_READS; i++) {
            assertThatThrownBy(folder::first).isInstanceOf(IOException.class);
        }
        assertThat(drained(folder)).isEqualTo(1);
        assertThat(folder.spoiled()).isEqualTo(1);
        assertThat(folder.isEmpty()).isTrue();
        assertThat(file).exists();

        Files.delete(file);
        Files.move(aside, file);
        assertThat(drained(open(Spool.MIN_BYTES).folder(SHOP, THERE))).isEqualTo(1);
    }

    /** A record that an earlier engine left, in a file that is not open. */
    private Spool written() throws IOException {
        open(Spool.MIN_BYTES).folder(SHOP, THERE).append(RECORD);
        return open(Spool.MIN_BYTES);
    }
}
