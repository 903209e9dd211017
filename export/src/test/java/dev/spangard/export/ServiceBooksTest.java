// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Balance;
import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.ServiceBooks.KnownService;
import dev.spangard.export.ServiceBooks.NamedBalance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServiceBooksTest {
    private static final Digest THERE = Digest.of("otlp there");

    @TempDir
    Path directory;

    private @Nullable Ledger ledger;
    private @Nullable Spool spool;
    private @Nullable ServiceBooks books;

    @BeforeEach
    void open() throws IOException {
        Ledger opened = Ledger.open(directory.resolve("engine.sock"));
        ledger = opened;
        spool = Spool.open(directory.resolve("spool"), 1 << 20);
        books = new ServiceBooks(opened, spool);
    }

    @AfterEach
    void close() throws IOException {
        requireNonNull(spool).close();
        requireNonNull(ledger).close();
    }

    private ServiceBooks books() {
        return requireNonNull(books);
    }

    private KnownService open(String key) {
        return books().open(Digest.of(key), isUsed -> new ServiceName(key, "", 1));
    }

    /** Of one request, exported, or lost. */
    private void comesAndGoes(String key) {
        ServiceAccounts accounts = open(key).accounts();
        accounts.drop(DropReason.QUEUE, 1);
        books().close(Digest.of(key));
    }

    private List<String> names() {
        return books().rows().stream().map(row -> row.name().name()).toList();
    }

    private Balance others() {
        NamedBalance last = books().balances().getLast();
        assertThat(last.name()).isNull();
        return last.requests();
    }

    @Test
    void tellAServiceThatRunsHoweverManyComeAndGo() {
        KnownService running = open("the oldest");
        for (int i = 0; i < 3 * ServiceBooks.MAX_NAMED; i++) {
            comesAndGoes("service " + i);
        }

        assertThat(books().rows()).hasSize(ServiceBooks.MAX_NAMED).contains(running);
        assertThat(names())
                .contains("service " + (3 * ServiceBooks.MAX_NAMED - 1))
                .doesNotContain("service 0");
    }

    @Test
    void loseNoSumOfAServiceThatIsForgotten() {
        for (int i = 0; i < ServiceBooks.MAX_NAMED + 7; i++) {
            comesAndGoes("service " + i);
        }

        assertThat(others().dropped(DropReason.QUEUE)).isEqualTo(7);
        long all = books().balances().stream()
                .mapToLong(told -> told.requests().dropped())
                .sum();
        assertThat(all).isEqualTo(ServiceBooks.MAX_NAMED + 7);
    }

    @Test
    void forgetFirstWhatWasClosedFirst() {
        open("a");
        comesAndGoes("b");
        books().close(Digest.of("a"));
        for (int i = 0; i < ServiceBooks.MAX_NAMED - 1; i++) {
            comesAndGoes("service " + i);
        }

        assertThat(names()).contains("a").doesNotContain("b");
    }

    @Test
    void areOpenUntilTheLastWhoOpenedThemClosesThem() {
        open("a");
        open("a");
        books().close(Digest.of("a"));
        for (int i = 0; i < 2 * ServiceBooks.MAX_NAMED; i++) {
            comesAndGoes("service " + i);
        }

        assertThat(names()).contains("a");
    }

    @Test
    void keepNothingOfAServiceThatNeverBegan() {
        open("refused");
        books().discard(Digest.of("refused"));

        assertThat(books().rows()).isEmpty();
    }

    @Test
    void bookWhatAForgottenServiceHasInTheSpoolWithTheOthers() throws IOException {
        Digest gone = Digest.of("gone");
        SpoolFolder folder = requireNonNull(spool).folder(gone, THERE);
        ServiceAccounts accounts = open("gone").accounts();
        folder.append(new SpoolRecord(3, Counts.ofRequests(2), new byte[10]));
        accounts.exportStarts(2);
        accounts.spooled(2);
        folder.append(new SpoolRecord(3, Counts.ofRequests(3), new byte[10]));
        accounts.exportStarts(3);
        accounts.spooled(3);
        books().close(gone);
        for (int i = 0; i < ServiceBooks.MAX_NAMED; i++) {
            comesAndGoes("service " + i);
        }
        assertThat(names()).doesNotContain("gone");
        // It comes back, and the oldest in its folder is not its own.
        KnownService back = open("gone");
        var exporter = new ExporterAccounts(null);

        books().done(folder, requireNonNull(folder.first()), exporter, ExportOutcome.DELIVERED, 0);
        books().done(folder, requireNonNull(folder.first()), exporter, ExportOutcome.FAILED, 0);

        assertThat(others().exported()).isEqualTo(2);
        assertThat(others().dropped(DropReason.EXPORT)).isEqualTo(3);
        assertThat(back.accounts().balance().exported()).isZero();
        assertThat(back.accounts().dropped()).isZero();
        assertThat(exporter.spans(ExportOutcome.DELIVERED)).isEqualTo(3);
    }
}
