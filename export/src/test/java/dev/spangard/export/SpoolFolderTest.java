// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a folder inherits, where its segments end, and what it does with a disk that fails in the middle. */
final class SpoolFolderTest {
    private static final Digest SHOP = Digest.of("shop");
    private static final Digest THERE = Digest.of("otlp there");
    private static final SpoolRecord RECORD = new SpoolRecord(2, Counts.ofRequests(1), new byte[996]);

    @TempDir
    Path temporary;

    private Path directory = Path.of("");
    private @Nullable Spool opened;

    @BeforeEach
    void name() {
        directory = temporary.resolve("spool");
    }

    @AfterEach
    void close() {
        if (opened != null) {
            opened.close();
        }
    }

    private Spool open() throws IOException {
        close();
        Spool spool = Spool.open(directory, Spool.MIN_BYTES);
        opened = spool;
        return spool;
    }

    private Path path() {
        return directory.resolve(SHOP.hex() + '-' + THERE.hex());
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.list(path())) {
            return all.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void deletesWhatAnEarlierEngineHadDoneAndWasKilledBeforeItDeletedIt() throws IOException {
        SpoolFolder before = open().folder(SHOP, THERE);
        before.append(RECORD);
        Path file = path().resolve(Spool.fileName(0));
        Path kept = Files.createLink(temporary.resolve("kept"), file);
        before.done(requireNonNull(before.first()));
        Files.move(kept, file);

        Spool spool = open();

        assertThat(file).doesNotExist();
        assertThat(spool.used()).isZero();
        assertThat(spool.folder(SHOP, THERE).corrupt()).isZero();
    }

    @Test
    void countsAFileThatCannotBeReadAndReadsThoseBesideIt() throws IOException {
        open().folder(SHOP, THERE).append(RECORD);
        Files.createSymbolicLink(path().resolve(Spool.fileName(5)), temporary);

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            SpoolFolder folder = open().folder(SHOP, THERE);

            assertThat(folder.spans()).isEqualTo(2);
            assertThat(folder.counts().requests()).isEqualTo(1);
            assertThat(folder.corrupt()).isEqualTo(1);
            assertThat(log.lines())
                    .anySatisfy(line -> assertThat(line)
                            .contains("in the spool " + path().resolve(Spool.fileName(5)) + " cannot be read: "));
            folder.append(RECORD);
            assertThat(files()).contains(Spool.fileName(6));
        }
    }

    @Test
    void beginsASegmentOnlyWhereTheLastIsFull() throws IOException {
        Spool spool = open();
        SpoolFolder folder = spool.folder(SHOP, THERE);
        long head = SegmentFormat.HEADER_BYTES;
        int fill = (int) (spool.segmentBytes() - head - SegmentFormat.RECORD_HEAD_BYTES);

        folder.append(new SpoolRecord(1, Counts.ofRequests(1), new byte[fill - 1]));
        folder.append(RECORD);
        assertThat(files()).containsExactly(Spool.fileName(0));
        folder.append(RECORD);
        assertThat(files()).containsExactly(Spool.fileName(0), Spool.fileName(1));
        assertThat(spool.used())
                .isEqualTo(folder.bytes())
                .isEqualTo(2 * head + SegmentFormat.bytes(fill - 1) + 2 * SegmentFormat.bytes(RECORD.request().length))
                .isEqualTo(
                        Files.size(path().resolve(Spool.fileName(0))) + Files.size(path().resolve(Spool.fileName(1))));
    }

    @Test
    void whatIsDoneIsGivenBackByWholeSegments() throws IOException {
        Spool spool = open();
        SpoolFolder folder = spool.folder(SHOP, THERE);
        folder.append(RECORD);
        folder.append(RECORD);
        long both = spool.used();

        folder.done(requireNonNull(folder.first()));
        assertThat(spool.used()).isEqualTo(folder.bytes()).isEqualTo(both);
        assertThat(folder.spans()).isEqualTo(2);
        assertThat(folder.counts().requests()).isEqualTo(1);

        folder.done(requireNonNull(folder.first()));
        assertThat(spool.used()).isEqualTo(folder.bytes()).isZero();
        assertThat(folder.counts().requests()).isZero();
        folder.append(RECORD);
        assertThat(files()).containsExactly(Spool.fileName(1));
    }

    @Test
    void aSegmentThatCannotBeBegunTakesNothing() throws IOException {
        Spool spool = open();
        SpoolFolder folder = spool.folder(SHOP, THERE);
        folder.append(new SpoolRecord(1, Counts.ofRequests(1), new byte[(int) spool.segmentBytes()]));
        long used = spool.used();
        Files.createFile(path().resolve(Spool.fileName(1)));

        assertThatThrownBy(() -> folder.append(RECORD)).isInstanceOf(IOException.class);

        assertThat(spool.used()).isEqualTo(folder.bytes()).isEqualTo(used);
        assertThat(folder.spans()).isEqualTo(1);
        assertThat(requireNonNull(folder.first()).spans()).isEqualTo(1);
    }

    @Test
    void aFileThatIsGoneIsSaidAndItsSpansAreGivenUp() throws IOException {
        open().folder(SHOP, THERE).append(RECORD);
        Spool spool = open();
        SpoolFolder folder = spool.folder(SHOP, THERE);
        Files.delete(path().resolve(Spool.fileName(0)));

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            assertThat(folder.first()).isNull();
            assertThat(folder.skipCorrupt().spans()).isEqualTo(2);

            assertThat(log.lines())
                    .extracting(line -> line.substring(line.indexOf("the spool")))
                    .startsWith(
                            "the spool " + path().resolve(Spool.fileName(0)) + " is gone",
                            "the spool is damaged: 2 spans in " + path() + " are lost");
        }
        assertThat(spool.used()).isEqualTo(folder.bytes()).isZero();
        assertThat(folder.counts().requests()).isZero();
        assertThat(folder.isEmpty()).isTrue();
    }
}
