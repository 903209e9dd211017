// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Balance;
import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spans of the applications' own are in books of their own, whatever becomes of them. */
class ApiSpanBooksTest {
    private static final Digest SHOP = Digest.of("shop");

    private final Path socket;

    ApiSpanBooksTest(@TempDir Path directory) {
        socket = directory.resolve("engine.sock");
    }

    private static void read(ServiceAccounts accounts, Counts counts) {
        accounts.finished(counts.requests());
        accounts.receive(counts.requests());
        accounts.spans().finished(counts.spans());
        accounts.spans().receive(counts.spans());
    }

    private static void assertBalanced(Balance balance, long exported, long queued) {
        assertThat(balance.exported()).isEqualTo(exported);
        assertThat(balance.queuedInEngine()).isEqualTo(queued);
        assertThat(balance.seen())
                .isEqualTo(balance.exported()
                        + balance.queuedAtRecorders()
                        + balance.queuedInEngine()
                        + balance.dropped());
    }

    @Test
    void aBatchOfBothIsBookedInBoth() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts(SHOP, Counts.NONE);
            var exporter = new ExporterAccounts(accounts);
            read(accounts, new Counts(10, 50));

            exporter.starts(40, new Counts(6, 30));
            exporter.ended(40, new Counts(6, 30), ExportOutcome.DELIVERED, 2);
            exporter.starts(7, new Counts(2, 5));
            exporter.ended(7, new Counts(2, 5), ExportOutcome.FAILED, 0);
            exporter.lost(4, new Counts(1, 3), ExportOutcome.QUEUE_FULL);

            assertBalanced(accounts.balance(), 4, 1);
            assertBalanced(accounts.spans().balance(), 28, 12);
            assertThat(accounts.spans().dropped(DropReason.REJECTED)).isEqualTo(2);
            assertThat(accounts.spans().dropped(DropReason.EXPORT)).isEqualTo(5);
            assertThat(accounts.spans().dropped(DropReason.QUEUE)).isEqualTo(3);
            assertThat(exporter.spans(ExportOutcome.DELIVERED)).isEqualTo(38);
        }
    }

    @Test
    void theSpoolKeepsThemOverAKill() throws IOException {
        Ledger killed = Ledger.open(socket);
        ServiceAccounts before = killed.accounts(SHOP, Counts.NONE);
        var exporter = new ExporterAccounts(before);
        read(before, new Counts(3, 20));
        exporter.starts(15, new Counts(1, 14));
        exporter.spooled(new Counts(1, 14));
        exporter.starts(2, new Counts(0, 2));
        killed.close();

        try (Ledger next = Ledger.open(socket)) {
            ServiceAccounts after = next.accounts(SHOP, new Counts(1, 14));
            assertThat(after.spans().dropped(DropReason.UNCONFIRMED)).isEqualTo(2);
            assertThat(after.spans().dropped(DropReason.ENGINE)).isEqualTo(4);
            assertBalanced(after.spans().balance(), 0, 14);
            new ExporterAccounts(after)
                    .unspooled(
                            new SpoolRecord(15, new Counts(1, 14), new byte[0]),
                            next.others(),
                            ExportOutcome.DELIVERED,
                            0,
                            () -> {});
            assertBalanced(after.spans().balance(), 14, 0);
            assertBalanced(after.balance(), 1, 0);
        }
    }

    @Test
    void whatNoBooksKnowOfIsBookedWithTheForgotten() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ledger.inherit(Map.of(SHOP, new Counts(2, 9)));
            ServiceAccounts accounts = ledger.accounts(SHOP, new Counts(2, 9));
            var record = new SpoolRecord(11, new Counts(2, 9), new byte[0]);
            new ExporterAccounts(accounts).unspooled(record, ledger.others(), ExportOutcome.CORRUPT, 0, () -> {});
            assertThat(accounts.spans().dropped()).isZero();
            assertThat(ledger.others().spans().balance().queuedInEngine()).isZero();
        }
    }

    @Test
    void aForgottenServicesSpansGoToThoseOfAll() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts(SHOP, Counts.NONE);
            read(accounts, new Counts(0, 5));
            accounts.spans().drop(DropReason.QUEUE, 5);
            ledger.forget(SHOP);
            assertThat(ledger.others().spans().dropped(DropReason.QUEUE)).isEqualTo(5);
            assertThat(ledger.accounts(SHOP, Counts.NONE).spans().balance().seen())
                    .isZero();
        }
    }
}
