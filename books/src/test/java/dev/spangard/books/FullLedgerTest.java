// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FullLedgerTest {
    private final Path socket;

    FullLedgerTest(@TempDir Path directory) {
        socket = directory.resolve("engine.sock");
    }

    @Test
    void servesMoreServicesThanItRemembers() throws IOException {
        try (Ledger ledger = Ledger.open(socket)) {
            for (int i = 1; i < LedgerFile.MAX_SERVICES; i++) {
                ledger.accounts("service " + i).finished(i);
            }
            ServiceAccounts beyond = ledger.accounts("one more");
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
                ServiceAccounts accounts = killed.accounts("service " + i);
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
            ServiceAccounts gone = killed.accounts("gone");
            gone.finished(9);
            RecorderCounts line = line(killed, 1, gone);
            line.bookReported(2, 0, gone);
            gone.receive(9);
            gone.exportStarts(4);
            gone.spooled(4);
        }
        try (Ledger next = Ledger.open(socket)) {
            next.inherit(Map.of(Digest.of("gone"), Counts.ofRequests(4)));
            for (int i = 0; i < LedgerFile.MAX_SERVICES; i++) {
                next.accounts("service " + i);
            }
            Balance others = next.others().balance();
            assertThat(others.seen()).isEqualTo(11);
            assertThat(others.dropped(DropReason.CONNECTION)).isEqualTo(2);
            assertThat(others.dropped(DropReason.ENGINE)).isEqualTo(5);
            assertThat(others.queuedInEngine()).isEqualTo(4);

            ServiceAccounts drained = next.ofSpool(Digest.of("gone"), Counts.ofRequests(4));
            assertThat(drained).isSameAs(next.others());
        }
    }

    @Test
    void booksWhatAKilledEngineLostOfServicesThatDoNotComeBack() throws IOException {
        Digest lost = Digest.of("lost");
        Digest safe = Digest.of("safe");
        try (Ledger killed = Ledger.open(socket)) {
            ServiceAccounts accounts = killed.accounts(lost, Counts.NONE);
            accounts.finished(9);
            accounts.receive(9);
            accounts.exportStarts(5);
            accounts.spans().finished(2);
            accounts.spans().receive(2);
            for (Digest key : List.of(safe, Digest.of("back"))) {
                ServiceAccounts of = killed.accounts(key, Counts.NONE);
                of.finished(4);
                of.receive(4);
                of.exportStarts(4);
                of.spooled(4);
            }
            killed.accounts("back").receive(6);
        }
        try (Ledger next = Ledger.open(socket)) {
            next.inherit(Map.of(safe, spooled(4), Digest.of("back"), spooled(4)));
            assertThat(next.accounts(Digest.of("back"), spooled(4)).dropped(DropReason.ENGINE))
                    .isEqualTo(6);
            // One of them leaves the spool meanwhile.
            assertThat(next.ofSpool(safe, spooled(4)).unspooled(1)).isEqualTo(1);
            next.ofSpool(safe, spooled(4)).exportEnded(1, 1);

            assertThat(next.forgetLost()).isEqualTo(new Counts(9, 2));
            assertThat(next.forgetLost()).isEqualTo(Counts.NONE);

            Balance others = next.others().balance();
            assertThat(others.seen()).isEqualTo(9);
            assertThat(others.dropped(DropReason.ENGINE)).isEqualTo(4);
            assertThat(others.dropped(DropReason.UNCONFIRMED)).isEqualTo(5);
            assertThat(others.queuedInEngine()).isZero();
            assertThat(next.others().spans().balance().dropped(DropReason.ENGINE))
                    .isEqualTo(2);
            Balance kept = next.accounts(safe, spooled(3)).balance();
            assertThat(kept.seen()).isEqualTo(4);
            assertThat(kept.queuedInEngine()).isEqualTo(3);
            assertThat(kept.dropped()).isZero();
        }
    }

    @Test
    void knowsWhatForgottenServicesHaveInTheSpoolOfTheNextEngine() throws IOException {
        Digest gone = Digest.of("gone");
        try (Ledger killed = Ledger.open(socket)) {
            ServiceAccounts accounts = killed.accounts(gone, Counts.NONE);
            accounts.finished(5);
            accounts.receive(5);
            accounts.exportStarts(5);
            accounts.spooled(5);
            killed.forget(gone);
            assertThat(killed.others().balance().queuedInEngine()).isEqualTo(5);
        }
        try (Ledger next = Ledger.open(socket)) {
            next.inherit(Map.of(gone, Counts.ofRequests(3), Digest.of("shop"), Counts.ofRequests(1)));

            Balance others = next.others().balance();
            // The file has four that it does not know; the others' books five.
            assertThat(others.dropped(DropReason.SPOOL)).isEqualTo(1);
            assertThat(others.queuedInEngine()).isEqualTo(4);
            assertThat(next.others().unspooledOfOthers(3)).isEqualTo(3);
            assertThat(next.others().unspooledOfOthers(3)).isEqualTo(1);
        }
    }

    private static Counts spooled(long requests) {
        return Counts.ofRequests(requests);
    }

    private static RecorderCounts line(Ledger ledger, long id, ServiceAccounts accounts) {
        return ledger.recorder(id, accounts, false);
    }
}
