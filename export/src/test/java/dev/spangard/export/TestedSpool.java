// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A spool in a directory of the test. */
abstract class TestedSpool {
    static final Digest SHOP = Digest.of("shop");
    static final Digest BLOG = Digest.of("blog");
    static final Digest THERE = Digest.of("otlp there");
    /** With its head, 1,020 bytes. */
    static final SpoolRecord RECORD = new SpoolRecord(2, Counts.ofRequests(1), new byte[996]);

    @TempDir
    Path temporary;

    Path directory = Path.of("");

    @Nullable
    Spool opened;

    @BeforeEach
    void name() {
        directory = temporary.resolve("spool");
    }

    Spool open(long limit) throws IOException {
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

    List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("lock"))
                    .sorted()
                    .toList();
        }
    }

    static int drained(SpoolFolder folder) throws IOException {
        int records = 0;
        while (!folder.isEmpty()) {
            SpoolRecord record = folder.first();
            if (record == null) {
                folder.skipCorrupt();
            } else {
                folder.done(record);
                records++;
            }
        }
        return records;
    }

    static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    /** A record that an earlier engine left, in a file that is not open. */
    Spool written() throws IOException {
        open(Spool.MIN_BYTES).folder(SHOP, THERE).append(RECORD);
        return open(Spool.MIN_BYTES);
    }
}
