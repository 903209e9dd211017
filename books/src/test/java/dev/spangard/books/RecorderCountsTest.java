// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecorderCountsTest {
    private final Path socket;

    RecorderCountsTest(@TempDir Path directory) {
        socket = directory.resolve("engine.sock");
    }

    private static RecorderCounts line(Ledger ledger, long id, ServiceAccounts accounts) {
        return ledger.recorder(id, accounts, false);
    }

    @Test
    void remembersWhatWasReadOfARecorderUntilItsGoodbye() throws IOException {
        try (Ledger killed = Ledger.open(socket)) {
            ServiceAccounts accounts = killed.accounts("shop");
            line(killed, 1, accounts).bookRead(5, accounts);
            RecorderCounts second = line(killed, 2, accounts);
            second.bookRead(6, accounts);
            killed.forget(2, second, accounts);
        }
        try (Ledger next = Ledger.open(socket)) {
            ServiceAccounts accounts = next.accounts("shop");
            line(next, 1, accounts).returned(8, 8, 0, accounts);
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(3);

            line(next, 2, accounts).returned(6, 6, 0, accounts);
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(3 + 6);
        }
    }

    @Test
    void countsWhatDiedInASocketOnceHoweverOftenTheRecorderReconnects() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts("shop");
            for (int i = 0; i < 3; i++) {
                RecorderCounts line = line(ledger, 1, accounts);
                line.returned(8, 8, 0, accounts);
                ledger.release(1, line, accounts);
            }
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(8);

            RecorderCounts line = line(ledger, 1, accounts);
            line.returned(10, 10, 0, accounts);
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(10);
            assertThat(accounts.seen()).isEqualTo(10);
        }
    }

    @Test
    void losesWithTheGoodbyeWhatWasToldAndNeverRead() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts("shop");
            RecorderCounts line = line(ledger, 1, accounts);
            line.bookReported(10, 2, accounts);
            line.bookRead(5, accounts);
            assertThat(accounts.balance().queuedAtRecorders()).isEqualTo(3);

            ledger.forget(1, line, accounts);

            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(3);
            assertThat(accounts.balance().queuedAtRecorders()).isZero();
        }
    }

    @Test
    void believesNoCountsThatCannotBe() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts("shop");
            RecorderCounts line = line(ledger, 1, accounts);
            line.bookReported(5, 9, accounts);
            assertThat(accounts.dropped(DropReason.RECORDER)).isEqualTo(5);
            line.bookReported(-1, -1, accounts);
            line.bookReported(Long.MIN_VALUE, Long.MAX_VALUE, accounts);
            line.bookReported(3, 0, accounts);
            line.returned(Long.MAX_VALUE, Long.MAX_VALUE, 0, accounts);
            line.bookRead(4, accounts);
            line.bookReported(Long.MAX_VALUE, Long.MAX_VALUE, accounts);

            // Those read were finished, whatever was told.
            assertThat(accounts.balance().queuedAtRecorders()).isZero();
            assertThat(accounts.balance().queuedInEngine()).isEqualTo(4);
            for (long id = 2; id < 40; id++) {
                line(ledger, id, accounts).bookReported(Long.MAX_VALUE, 0, accounts);
            }
            line(ledger, 40, accounts).bookRead(3, accounts);
            assertThat(accounts.balance().seen()).isPositive();
            assertThat(accounts.balance().queuedAtRecorders()).isNotNegative();
        }
    }

    @Test
    void givesALineToTheOtherServiceItsRecorderComesBackWith() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts shop = ledger.accounts("shop");
            ServiceAccounts blog = ledger.accounts("blog");
            RecorderCounts line = line(ledger, 1, shop);
            line.bookReported(10, 0, shop);
            line.bookRead(6, shop);
            ledger.release(1, line, shop);

            RecorderCounts again = line(ledger, 1, blog);
            again.bookReported(12, 0, blog);
            again.bookRead(3, blog);

            assertThat(shop.balance().queuedAtRecorders()).isZero();
            assertThat(shop.dropped(DropReason.CONNECTION)).isEqualTo(4);
            assertThat(blog.seen()).isEqualTo(3);
            assertThat(blog.balance().queuedAtRecorders()).isZero();
        }
    }

    @Test
    void keepsALineWhoseOldConnectionEndsAfterTheNewOneHasBegun() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts("shop");
            RecorderCounts old = line(ledger, 1, accounts);
            RecorderCounts next = line(ledger, 1, accounts);
            next.bookRead(5, accounts);
            ledger.forget(1, old, accounts);

            assertThat(line(ledger, 1, accounts)).isSameAs(next);
            next.returned(5, 5, 0, accounts);
            assertThat(accounts.dropped()).isZero();
        }
    }

    @Test
    void letsTheRecorderUnusedForLongestGiveWay() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts("shop");
            for (long id = 1; id <= LedgerFile.MAX_RECORDERS; id++) {
                RecorderCounts line = line(ledger, id, accounts);
                line.bookReported(1, 0, accounts);
                if (id != 7) {
                    ledger.release(id, line, accounts);
                }
            }
            line(ledger, -1, accounts).bookRead(1, accounts);

            // The first gave way; the seventh is connected and stays.
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(1);
            assertThat(line(ledger, 7, accounts))
                    .hasToString("recorder 7: read 0, seen 1, dropped 0; spans read 0, seen 0, dropped 0");
            assertThat(line(ledger, 1, accounts))
                    .hasToString("recorder 1: read 0, seen 0, dropped 0; spans read 0, seen 0, dropped 0");
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(2);
        }
    }

    @Test
    void letsAGuestTakeTheLinesOfGuestsOnly() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts("shop");
            ServiceAccounts guests = ledger.accounts("a guest's");
            for (long id = 1; id <= 10; id++) {
                RecorderCounts line = line(ledger, id, accounts);
                line.bookReported(1, 0, accounts);
                ledger.release(id, line, accounts);
            }
            for (long id = 1000; id < 1000 + 2 * LedgerFile.MAX_RECORDERS; id++) {
                RecorderCounts line = ledger.recorder(id, guests, true);
                line.bookReported(1, 0, guests);
                ledger.release(id, line, guests);
            }
            // Nor by the name of another.
            RecorderCounts false7 = ledger.recorder(7, guests, true);
            false7.bookReported(100, 100, guests);
            ledger.forget(7, false7, guests);

            for (long id = 1; id <= 10; id++) {
                assertThat(line(ledger, id, accounts))
                        .hasToString("recorder " + id + ": read 0, seen 1, dropped 0; spans read 0, seen 0, dropped 0");
            }
            assertThat(accounts.dropped()).isZero();
            assertThat(guests.balance().queuedAtRecorders()).isEqualTo(LedgerFile.MAX_GUESTS);
        }
    }
}
