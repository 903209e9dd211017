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
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

final class SpoolTest extends TestedSpool {
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
        assertThat(spool.counts(SHOP).requests()).isEqualTo(4);
        assertThat(spool.counts(BLOG).requests()).isZero();
        assertThat(spool.used()).isEqualTo(after.bytes()).isEqualTo(Files.size(files().getFirst()));
        after.append(RECORD);
        assertThat(files()).hasSize(2);
        assertThat(drained(after)).isEqualTo(5);
        assertThat(spool.used()).isZero();
        assertThat(files()).isEmpty();
    }

    @Test
    void takesNothingBeyondItsLimitAndAllUpToIt() throws IOException {
        int head = SegmentFormat.HEADER_BYTES;
        Spool spool = open(head + 2 * 1020 + 1019);
        SpoolFolder folder = spool.folder(SHOP, THERE);
        // A segment of so small a spool has one record: the second needs a header of its own.
        folder.append(RECORD);
        folder.append(RECORD);
        long free = spool.limit() - spool.used();
        int largest = (int) (free - head - SegmentFormat.RECORD_HEAD_BYTES);

        assertThatThrownBy(() -> folder.append(new SpoolRecord(1, Counts.ofRequests(1), new byte[largest + 1])))
                .isInstanceOf(IOException.class)
                .hasMessage("it is full");
        folder.append(new SpoolRecord(1, Counts.ofRequests(1), new byte[largest]));

        assertThat(spool.used()).isEqualTo(spool.limit());
        assertThatThrownBy(
                        () -> spool.folder(BLOG, THERE).append(new SpoolRecord(1, Counts.ofRequests(1), new byte[0])))
                .hasMessage("it is full");
        folder.done(requireNonNull(folder.first()));
        spool.folder(BLOG, THERE).append(new SpoolRecord(1, Counts.ofRequests(1), new byte[0]));
    }

    @Test
    void takesNoRecordLargerThanOneMayBe() throws IOException {
        SpoolFolder folder = open(Spool.DEFAULT_BYTES).folder(SHOP, THERE);

        folder.append(new SpoolRecord(1, Counts.ofRequests(1), new byte[SegmentFormat.MAX_REQUEST_BYTES]));
        assertThatThrownBy(() -> folder.append(
                        new SpoolRecord(1, Counts.ofRequests(1), new byte[SegmentFormat.MAX_REQUEST_BYTES + 1])))
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
    void handsOutAFolderThatNobodyOwnsToOneOfItsDestinationOnly() throws IOException {
        Spool spool = open(Spool.MIN_BYTES);
        SpoolFolder folder = spool.folder(SHOP, THERE);
        folder.append(RECORD);
        folder.lease().addOwner();
        assertThat(spool.orphan(THERE)).isNull();
        folder.lease().removeOwner();

        assertThat(spool.orphan(Digest.of("otlp elsewhere"))).isNull();
        assertThat(spool.orphan(THERE)).isSameAs(folder);
        assertThat(spool.orphan(THERE)).isNull();
        folder.lease().release();
        assertThat(spool.orphan(THERE)).isSameAs(folder);
    }
}
