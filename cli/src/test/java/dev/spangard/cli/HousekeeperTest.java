// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.export.CapturedLog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class HousekeeperTest {
    @Test
    void goesOnAfterAChoreThatFailed() throws Exception {
        var stop = new CountDownLatch(1);
        var turns = new AtomicInteger();
        List<Runnable> chores = List.of(
                () -> {
                    throw new IllegalStateException("a chore");
                },
                () -> {
                    throw new AssertionError("another");
                },
                () -> {
                    if (turns.incrementAndGet() == 3) {
                        stop.countDown();
                    }
                });
        try (var log = CapturedLog.of("spangard.engine")) {
            Thread housekeeper = Thread.ofVirtual().start(new Housekeeper(Duration.ofMillis(1), stop, chores));
            housekeeper.join();
            assertThat(log.lines()).hasSize(6).allMatch(line -> line.contains("a chore of the engine failed"));
        }
        assertThat(turns).hasValue(3);
    }
}
