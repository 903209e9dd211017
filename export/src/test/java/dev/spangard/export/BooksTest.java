// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The books are right whatever happens: random schedules of recorders, services, collectors and engines, each by a
 * seed, against a model of what must be in them ({@link BooksSchedule}).
 *
 * <p>{@code ./dev test books} runs 10,000 schedules; {@code ./dev test books 1 SEED} repeats one.
 */
final class BooksTest {
    private static final int SCHEDULES = Integer.getInteger("spangard.books.schedules", 200);
    /** Of the first; each further one has the next. */
    private static final Long SEED = Long.getLong("spangard.books.seed");

    private static final Logger ENGINE_LOG = Logger.getLogger("spangard.engine");
    private static final Logger READER_LOG = Logger.getLogger("dev.spangard.intake.RecordReader");

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void areRightWhateverHappens(@TempDir Path directory) throws Exception {
        long first = SEED == null ? new Random().nextLong() >>> 1 : SEED;
        Level engine = ENGINE_LOG.getLevel();
        Level reader = READER_LOG.getLevel();
        ENGINE_LOG.setLevel(Level.OFF);
        READER_LOG.setLevel(Level.OFF);
        int run = 0;
        try {
            for (; run < SCHEDULES; run++) {
                Path own = Files.createDirectory(directory.resolve(Integer.toString(run)));
                new BooksSchedule(own, first + run).run();
            }
        } catch (Exception | AssertionError e) {
            throw new AssertionError(
                    "schedule " + (run + 1) + " of " + SCHEDULES + ", ./dev test books 1 " + (first + run), e);
        } finally {
            ENGINE_LOG.setLevel(engine);
            READER_LOG.setLevel(reader);
        }
        assertThat(run).isPositive();
    }
}
