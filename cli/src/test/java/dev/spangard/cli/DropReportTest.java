// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Digest;
import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.CapturedLog;
import dev.spangard.export.ServiceBooks;
import dev.spangard.export.ServiceName;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DropReportTest {
    @Test
    void saysWhenLosingBeginsAndWhenItEnds(@TempDir Path directory) throws Exception {
        try (Ledger ledger = Ledger.open(directory.resolve("engine.sock"));
                var log = CapturedLog.of("spangard.engine")) {
            ServiceBooks.KnownService row =
                    new ServiceBooks(ledger, null).open(Digest.of("shop"), isUsed -> new ServiceName("shop", "1", 1));
            ServiceAccounts accounts = row.accounts();
            var rows = List.of(row);
            var report = new DropReport();

            report.logChanges(rows);
            assertThat(log.lines()).isEmpty();

            for (int i = 0; i < 5; i++) {
                accounts.drop(DropReason.QUEUE, 2);
                report.logChanges(rows);
            }
            assertThat(log.lines()).hasSize(1).first().asString().endsWith("shop: losing requests, 2 so far: queue 2");

            for (int i = 0; i < DropReport.QUIET_LOOKS - 1; i++) {
                report.logChanges(rows);
            }
            assertThat(log.lines()).hasSize(1);
            report.logChanges(rows);
            assertThat(log.lines())
                    .hasSize(2)
                    .last()
                    .asString()
                    .endsWith("shop: no longer losing requests, 10 were lost: queue 10");
            report.logChanges(rows);
            assertThat(log.lines()).hasSize(2);

            accounts.drop(DropReason.EXPORT, 1);
            report.logChanges(rows);
            assertThat(log.lines()).hasSize(3).last().asString().endsWith("losing requests, 1 so far: export 1");
        }
    }
}
