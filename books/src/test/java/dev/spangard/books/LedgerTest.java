// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LedgerTest {
    private final Path socket;

    LedgerTest(@TempDir Path directory) {
        socket = directory.resolve("engine.sock");
    }

    @Test
    void bringsTheAccountsOfAKilledEngineToTheNextOne() throws IOException {
        Ledger killed = Ledger.open(socket);
        ServiceAccounts before = killed.accounts("shop");
        before.finished(100);
        before.receive(90);
        before.measure(10);
        before.drop(DropReason.RECORDER, 10);
        before.drop(DropReason.QUEUE, 5);
        before.exportStarts(30);
        before.exportEnded(30, 30);
        before.exportStarts(8);
        before.drop(DropReason.EXPORT, 8);
        before.exportEnded(8, 0);
        before.exportStarts(12);
        killed.close();

        try (Ledger next = Ledger.open(socket)) {
            ServiceAccounts after = next.accounts("shop");

            // 90 read: 10 measured, 30 exported, 8 + 5 dropped, 12 with the collector or not, 25 in the engine's memory
            assertThat(after.dropped(DropReason.UNCONFIRMED)).isEqualTo(12);
            assertThat(after.dropped(DropReason.ENGINE)).isEqualTo(25);
            assertThat(after.dropped()).isEqualTo(37);
            assertThat(after.seen()).isZero();
            assertThat(before.seen()).isEqualTo(before.exported() + before.measured() + before.dropped());
        }
    }

    @Test
    void leavesQueuedWhatIsInTheSpoolOfAKilledEngine() throws IOException {
        Ledger killed = Ledger.open(socket);
        ServiceAccounts before = killed.accounts("shop");
        before.finished(100);
        before.receive(100);
        before.exportStarts(70);
        before.spooled(70);
        before.exportEnded(20, before.unspooled(20));
        // killed between the spool's acknowledgement and the books
        before.unspooled(5);
        killed.close();

        try (Ledger next = Ledger.open(socket)) {
            // of the 45 that the spool should have, two are in a file that was damaged
            ServiceAccounts after = next.accounts(Digest.of("shop"), Counts.ofRequests(43));

            assertThat(after.dropped(DropReason.SPOOL)).isEqualTo(2);
            assertThat(after.dropped(DropReason.UNCONFIRMED)).isEqualTo(5);
            assertThat(after.dropped(DropReason.ENGINE)).isEqualTo(30);
            assertThat(after.balance().queuedInEngine()).isEqualTo(43);

            assertThat(after.unspooled(43)).isEqualTo(43);
            after.exportEnded(43, 43);
            assertThat(after.balance().queuedInEngine()).isZero();
            assertThat(after.inFlight()).isZero();
        }
    }

    @Test
    void booksNothingTwiceThatAnEngineWithoutTheSpoolHasGivenUp() throws IOException {
        try (Ledger killed = Ledger.open(socket)) {
            ServiceAccounts before = killed.accounts("shop");
            before.finished(10);
            before.receive(10);
            before.exportStarts(10);
            before.spooled(10);
        }
        try (Ledger without = Ledger.open(socket)) {
            ServiceAccounts accounts = without.accounts("shop");
            assertThat(accounts.dropped(DropReason.SPOOL)).isEqualTo(10);
            accounts.finished(4);
            accounts.receive(4);
            accounts.exportStarts(4);
            accounts.spooled(4);
        }
        try (Ledger next = Ledger.open(socket)) {
            ServiceAccounts after = next.accounts(Digest.of("shop"), Counts.ofRequests(14));

            assertThat(after.balance().queuedInEngine()).isEqualTo(4);
            // the oldest come first
            assertThat(after.unspooled(8)).isZero();
            assertThat(after.unspooled(3)).isEqualTo(1);
            assertThat(after.unspooled(3)).isEqualTo(3);
            after.exportEnded(4, 4);
            assertThat(after.balance().queuedInEngine()).isZero();
            assertThat(after.balance().exported()).isEqualTo(4);
        }
    }

    @Test
    void believesTheSpoolWhereTheLedgerIsGone() throws IOException {
        try (Ledger fresh = Ledger.open(socket)) {
            ServiceAccounts accounts = fresh.accounts(Digest.of("shop"), Counts.ofRequests(7));

            assertThat(accounts.unspooled(7)).isZero();
            assertThat(accounts.balance().queuedInEngine()).isZero();
        }
    }

    @Test
    void balancesAtEveryInstant() throws Exception {
        try (Ledger ledger = Ledger.open(socket)) {
            ServiceAccounts accounts = ledger.accounts("shop");
            var ended = new AtomicBoolean();
            Thread busy = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 300_000; i++) {
                    accounts.finished(3);
                    accounts.drop(DropReason.RECORDER, 1);
                    accounts.receive(1);
                    accounts.exportStarts(1);
                    accounts.exportEnded(1, 1);
                    accounts.receive(1);
                    accounts.drop(i % 2 == 0 ? DropReason.REJECTED : DropReason.INTAKE, 1);
                }
                ended.set(true);
            });
            long looks = 0;
            while (!ended.get()) {
                Balance now = accounts.balance();
                assertThat(now.queuedAtRecorders()).as("%s", now).isNotNegative();
                assertThat(now.queuedInEngine()).as("%s", now).isNotNegative();
                assertThat(now.seen())
                        .isEqualTo(now.measured()
                                + now.exported()
                                + now.dropped()
                                + now.queuedAtRecorders()
                                + now.queuedInEngine());
                looks++;
            }
            busy.join();
            assertThat(looks).isPositive();
            assertThat(accounts.balance().queuedAtRecorders()).isZero();
            assertThat(accounts.balance().queuedInEngine()).isZero();
        }
    }

    @Test
    void countsALossOnce() throws IOException {
        try (Ledger killed = Ledger.open(socket)) {
            killed.accounts("shop").receive(7);
        }
        try (Ledger next = Ledger.open(socket)) {
            assertThat(next.accounts("shop").dropped(DropReason.ENGINE)).isEqualTo(7);
            assertThat(next.accounts("shop").dropped(DropReason.ENGINE)).isEqualTo(7);
        }
        try (Ledger third = Ledger.open(socket)) {
            assertThat(third.accounts("shop").dropped(DropReason.ENGINE)).isZero();
        }
    }

    @Test
    void keepsServicesApart() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            ledger.accounts("shop").finished(1);
            ledger.accounts("blog").finished(2);

            assertThat(ledger.accounts("shop").seen()).isEqualTo(1);
            assertThat(ledger.accounts("blog").seen()).isEqualTo(2);
        }
    }

    @Test
    void startsAnewOverAFileThatIsNoLedger() throws IOException {
        Files.writeString(socket.resolveSibling("engine.sock.ledger"), "something else");

        try (Ledger ledger = Ledger.open(socket)) {
            assertThat(ledger.accounts("shop").seen()).isZero();
        }
    }

    @Test
    void startsAnewOverALedgerOfAnotherLayout() throws IOException {
        long size;
        try (Ledger ledger = Ledger.open(socket)) {
            ledger.accounts("shop").receive(5);
            size = Files.size(socket.resolveSibling("engine.sock.ledger"));
        }
        byte[] other = new byte[(int) size];
        Arrays.fill(other, (byte) 7);
        Files.write(socket.resolveSibling("engine.sock.ledger"), other);

        try (Ledger ledger = Ledger.open(socket)) {
            assertThat(ledger.accounts("shop").dropped()).isZero();
        }
    }
}
