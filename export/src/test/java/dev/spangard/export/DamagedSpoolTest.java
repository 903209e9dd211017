// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class DamagedSpoolTest extends TestedSpool {
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
            assertThat(after.corrupt()).isEqualTo(1);
            assertThat(Files.size(file)).isEqualTo(20 + 1020).isEqualTo(spool.used());
            assertThat(log.lines())
                    .extracting(line -> line.substring(line.indexOf("the spool")))
                    .containsExactly(
                            "the spool " + directory + " has 2 spans of 1 exporters, 1040 bytes that wait for their"
                                    + " services",
                            "the spool " + directory + " is damaged: 1019 bytes are no records");
        }
        assertThat(open(Spool.MIN_BYTES).folder(SHOP, THERE).corrupt()).isZero();
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
        SpoolRecord lost = folder.skipCorrupt();

        assertThat(lost.spans()).isEqualTo(4);
        assertThat(lost.counts().requests()).isEqualTo(2);
        assertThat(folder.isEmpty()).isTrue();
        assertThat(folder.corrupt()).isEqualTo(1);
        assertThat(spool.used()).isZero();
        folder.append(RECORD);
        assertThat(drained(folder)).isEqualTo(1);
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
        assertThat(folder.corrupt()).isZero();

        Files.delete(file);
        Files.move(aside, file);
        assertThat(drained(folder)).isEqualTo(1);
        assertThat(folder.corrupt()).isZero();
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
        assertThat(folder.corrupt()).isEqualTo(1);
        assertThat(folder.isEmpty()).isTrue();
        assertThat(file).exists();

        Files.delete(file);
        Files.move(aside, file);
        assertThat(drained(open(Spool.MIN_BYTES).folder(SHOP, THERE))).isEqualTo(1);
    }
}
