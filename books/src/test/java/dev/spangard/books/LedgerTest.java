// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
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
        Accounts before = killed.accounts("shop");
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
            Accounts after = next.accounts("shop");

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
        Accounts before = killed.accounts("shop");
        before.finished(100);
        before.receive(100);
        before.spooled(70);
        before.exportEnded(20, (int) before.unspooled(20));
        // killed between the spool's acknowledgement and the books
        before.unspooled(5);
        killed.close();

        try (Ledger next = Ledger.open(socket)) {
            // of the 45 that the spool should have, two are in a file that was damaged
            Accounts after = next.accounts(Digest.of("shop"), 43);

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
            Accounts before = killed.accounts("shop");
            before.finished(10);
            before.receive(10);
            before.spooled(10);
        }
        try (Ledger without = Ledger.open(socket)) {
            Accounts accounts = without.accounts("shop");
            assertThat(accounts.dropped(DropReason.SPOOL)).isEqualTo(10);
            accounts.finished(4);
            accounts.receive(4);
            accounts.spooled(4);
        }
        try (Ledger next = Ledger.open(socket)) {
            Accounts after = next.accounts(Digest.of("shop"), 14);

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
            Accounts accounts = fresh.accounts(Digest.of("shop"), 7);

            assertThat(accounts.unspooled(7)).isZero();
            assertThat(accounts.balance().queuedInEngine()).isZero();
        }
    }

    @Test
    void balancesAtEveryInstant() throws Exception {
        try (Ledger ledger = Ledger.open(socket)) {
            Accounts accounts = ledger.accounts("shop");
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

    private static RecorderLine line(Ledger ledger, long id, Accounts accounts) {
        return ledger.recorder(id, accounts, false);
    }

    @Test
    void remembersWhatWasReadOfARecorderUntilItsGoodbye() throws IOException {
        try (Ledger killed = Ledger.open(socket)) {
            Accounts accounts = killed.accounts("shop");
            line(killed, 1, accounts).read(5, accounts);
            RecorderLine second = line(killed, 2, accounts);
            second.read(6, accounts);
            killed.forget(2, second, accounts);
        }
        try (Ledger next = Ledger.open(socket)) {
            Accounts accounts = next.accounts("shop");
            line(next, 1, accounts).returned(8, 8, 0, accounts);
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(3);

            line(next, 2, accounts).returned(6, 6, 0, accounts);
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(3 + 6);
        }
    }

    @Test
    void countsWhatDiedInASocketOnceHoweverOftenTheRecorderReconnects() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            Accounts accounts = ledger.accounts("shop");
            for (int i = 0; i < 3; i++) {
                RecorderLine line = line(ledger, 1, accounts);
                line.returned(8, 8, 0, accounts);
                ledger.release(1, line, accounts);
            }
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(8);

            RecorderLine line = line(ledger, 1, accounts);
            line.returned(10, 10, 0, accounts);
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(10);
            assertThat(accounts.seen()).isEqualTo(10);
        }
    }

    @Test
    void losesWithTheGoodbyeWhatWasToldAndNeverRead() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            Accounts accounts = ledger.accounts("shop");
            RecorderLine line = line(ledger, 1, accounts);
            line.told(10, 2, accounts);
            line.read(5, accounts);
            assertThat(accounts.balance().queuedAtRecorders()).isEqualTo(3);

            ledger.forget(1, line, accounts);

            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(3);
            assertThat(accounts.balance().queuedAtRecorders()).isZero();
        }
    }

    @Test
    void believesNoCountsThatCannotBe() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            Accounts accounts = ledger.accounts("shop");
            RecorderLine line = line(ledger, 1, accounts);
            line.told(5, 9, accounts);
            assertThat(accounts.dropped(DropReason.RECORDER)).isEqualTo(5);
            line.told(-1, -1, accounts);
            line.told(Long.MIN_VALUE, Long.MAX_VALUE, accounts);
            line.told(3, 0, accounts);
            line.returned(Long.MAX_VALUE, Long.MAX_VALUE, 0, accounts);
            line.read(4, accounts);
            line.told(Long.MAX_VALUE, Long.MAX_VALUE, accounts);

            // Those read were finished, whatever was told.
            assertThat(accounts.balance().queuedAtRecorders()).isZero();
            assertThat(accounts.balance().queuedInEngine()).isEqualTo(4);
            for (long id = 2; id < 40; id++) {
                line(ledger, id, accounts).told(Long.MAX_VALUE, 0, accounts);
            }
            line(ledger, 40, accounts).read(3, accounts);
            assertThat(accounts.balance().seen()).isPositive();
            assertThat(accounts.balance().queuedAtRecorders()).isNotNegative();
        }
    }

    @Test
    void givesALineToTheOtherServiceItsRecorderComesBackWith() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            Accounts shop = ledger.accounts("shop");
            Accounts blog = ledger.accounts("blog");
            RecorderLine line = line(ledger, 1, shop);
            line.told(10, 0, shop);
            line.read(6, shop);
            ledger.release(1, line, shop);

            RecorderLine again = line(ledger, 1, blog);
            again.told(12, 0, blog);
            again.read(3, blog);

            assertThat(shop.balance().queuedAtRecorders()).isZero();
            assertThat(shop.dropped(DropReason.CONNECTION)).isEqualTo(4);
            assertThat(blog.seen()).isEqualTo(3);
            assertThat(blog.balance().queuedAtRecorders()).isZero();
        }
    }

    @Test
    void keepsALineWhoseOldConnectionEndsAfterTheNewOneHasBegun() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            Accounts accounts = ledger.accounts("shop");
            RecorderLine old = line(ledger, 1, accounts);
            RecorderLine next = line(ledger, 1, accounts);
            next.read(5, accounts);
            ledger.forget(1, old, accounts);

            assertThat(line(ledger, 1, accounts)).isSameAs(next);
            next.returned(5, 5, 0, accounts);
            assertThat(accounts.dropped()).isZero();
        }
    }

    @Test
    void letsTheRecorderUnusedForLongestGiveWay() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            Accounts accounts = ledger.accounts("shop");
            for (long id = 1; id <= LedgerFile.MAX_RECORDERS; id++) {
                RecorderLine line = line(ledger, id, accounts);
                line.told(1, 0, accounts);
                if (id != 7) {
                    ledger.release(id, line, accounts);
                }
            }
            line(ledger, -1, accounts).read(1, accounts);

            // The first gave way; the seventh is connected and stays.
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(1);
            assertThat(line(ledger, 7, accounts)).hasToString("recorder 7: read 0, seen 1, dropped 0");
            assertThat(line(ledger, 1, accounts)).hasToString("recorder 1: read 0, seen 0, dropped 0");
            assertThat(accounts.dropped(DropReason.CONNECTION)).isEqualTo(2);
        }
    }

    @Test
    void letsAGuestTakeTheLinesOfGuestsOnly() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            Accounts accounts = ledger.accounts("shop");
            Accounts guests = ledger.accounts("a guest's");
            for (long id = 1; id <= 10; id++) {
                RecorderLine line = line(ledger, id, accounts);
                line.told(1, 0, accounts);
                ledger.release(id, line, accounts);
            }
            for (long id = 1000; id < 1000 + 2 * LedgerFile.MAX_RECORDERS; id++) {
                RecorderLine line = ledger.recorder(id, guests, true);
                line.told(1, 0, guests);
                ledger.release(id, line, guests);
            }
            // Nor by the name of another.
            RecorderLine false7 = ledger.recorder(7, guests, true);
            false7.told(100, 100, guests);
            ledger.forget(7, false7, guests);

            for (long id = 1; id <= 10; id++) {
                assertThat(line(ledger, id, accounts)).hasToString("recorder " + id + ": read 0, seen 1, dropped 0");
            }
            assertThat(accounts.dropped()).isZero();
            assertThat(guests.balance().queuedAtRecorders()).isEqualTo(LedgerFile.MAX_GUESTS);
        }
    }

    @Test
    void servesMoreServicesThanItRemembers() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            for (int i = 1; i < LedgerFile.MAX_SERVICES; i++) {
                ledger.accounts("service " + i).finished(i);
            }
            Accounts beyond = ledger.accounts("one more");
            beyond.finished(3);

            assertThat(beyond.seen()).isEqualTo(3);
            assertThat(ledger.accounts("service 200").seen()).isEqualTo(200);

            ledger.forget(Digest.of("service 1"));
            ledger.forget(Digest.of("one more"));
            assertThat(ledger.others().seen()).isEqualTo(1 + 3);
            ledger.accounts("one more").finished(4);
            assertThat(ledger.accounts("one more").seen()).isEqualTo(4);
        }
        try (Ledger next = Ledger.open(socket)) {
            // Now in a slot of its own.
            assertThat(next.accounts("one more").balance().seen()).isEqualTo(4);
        }
    }

    @Test
    void remembersTheNewestOfAnyNumberOfServicesAndTheSumsOfAll() throws IOException {
        int services = 3 * LedgerFile.MAX_SERVICES;
        try (Ledger killed = Ledger.open(socket)) {
            for (int i = 0; i < services; i++) {
                Accounts accounts = killed.accounts("service " + i);
                accounts.finished(3);
                accounts.receive(3);
                accounts.measure(2);
                accounts.drop(DropReason.QUEUE, 1);
                if (i < services - 1) {
                    killed.forget(Digest.of("service " + i));
                }
            }
            killed.accounts("service " + (services - 1)).receive(7);
        }
        try (Ledger next = Ledger.open(socket)) {
            assertThat(next.accounts("service " + (services - 1)).dropped(DropReason.ENGINE))
                    .isEqualTo(7);
            Balance others = next.others().balance();
            assertThat(others.seen()).isEqualTo(3L * (services - 1));
            assertThat(others.measured()).isEqualTo(2L * (services - 1));
            assertThat(others.dropped(DropReason.QUEUE)).isEqualTo(services - 1);
            assertThat(others.queuedInEngine()).isZero();
        }
    }

    @Test
    void settlesAServiceOfAnEarlierEngineThatNeverCameBackWhenItsSlotIsNeeded() throws IOException {
        try (Ledger killed = Ledger.open(socket)) {
            Accounts gone = killed.accounts("gone");
            gone.finished(9);
            RecorderLine line = line(killed, 1, gone);
            line.told(2, 0, gone);
            gone.receive(9);
            gone.spooled(4);
        }
        try (Ledger next = Ledger.open(socket)) {
            next.inherit(Map.of(Digest.of("gone"), 4L));
            for (int i = 0; i < LedgerFile.MAX_SERVICES; i++) {
                next.accounts("service " + i);
            }
            Balance others = next.others().balance();
            assertThat(others.seen()).isEqualTo(11);
            assertThat(others.dropped(DropReason.CONNECTION)).isEqualTo(2);
            assertThat(others.dropped(DropReason.ENGINE)).isEqualTo(5);
            assertThat(others.queuedInEngine()).isEqualTo(4);

            Accounts drained = next.ofSpool(Digest.of("gone"), 4);
            assertThat(drained).isSameAs(next.others());
        }
    }

    @Test
    void knowsWhatForgottenServicesHaveInTheSpoolOfTheNextEngine() throws IOException {
        Digest gone = Digest.of("gone");
        try (Ledger killed = Ledger.open(socket)) {
            Accounts accounts = killed.accounts(gone, 0);
            accounts.finished(5);
            accounts.receive(5);
            accounts.spooled(5);
            killed.forget(gone);
            assertThat(killed.others().balance().queuedInEngine()).isEqualTo(5);
        }
        try (Ledger next = Ledger.open(socket)) {
            next.inherit(Map.of(gone, 3L, Digest.of("shop"), 1L));

            Balance others = next.others().balance();
            // The file has four that it does not know; the others' books five.
            assertThat(others.dropped(DropReason.SPOOL)).isEqualTo(1);
            assertThat(others.queuedInEngine()).isEqualTo(4);
            assertThat(next.others().unspooledOfOthers(3)).isEqualTo(3);
            assertThat(next.others().unspooledOfOthers(3)).isEqualTo(1);
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
