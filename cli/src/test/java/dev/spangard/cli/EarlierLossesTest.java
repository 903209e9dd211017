// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import dev.spangard.export.CapturedLog;
import dev.spangard.export.ServiceBooks;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlierLossesTest {
    @Test
    void saysOnceWhatWasLostOfServicesThatHaveNotComeBack(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("engine.sock");
        try (Ledger killed = Ledger.open(socket)) {
            killed.accounts("shop").receive(7);
            killed.accounts("shop").spans().receive(3);
        }
        var nanoTime = new AtomicLong(-5);
        try (Ledger ledger = Ledger.open(socket);
                var log = CapturedLog.of("spangard.engine")) {
            var books = new ServiceBooks(ledger, null);
            var losses = new EarlierLosses(books, nanoTime::get);

            nanoTime.addAndGet(ServiceRegistry.UNUSED_FOR.toNanos() - 1);
            losses.run();
            assertThat(log.lines()).isEmpty();

            nanoTime.incrementAndGet();
            losses.run();
            losses.run();
            assertThat(log.lines())
                    .singleElement()
                    .asString()
                    .endsWith("have not come back: 7 requests and 3 spans of applications' own");
            assertThat(books.balances().getLast().requests().dropped(DropReason.ENGINE))
                    .isEqualTo(7);
        }
    }
}
