// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Balance;
import dev.spangard.books.Digest;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.ExporterAccounts.SpanFate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The books of the services of an engine under their names: those that are open, and those that are closed, until their
 * place is needed. Then the sums of the one closed for longest go to those of the {@link Ledger#others}. So whatever is
 * told here stays told, and all sums together never fall. Thread-safe.
 */
public final class ServiceBooks implements SpoolBooks {
    /** Told under their own names. Open ones always are. */
    static final int MAX_NAMED = 256;

    private final Ledger ledger;
    private final @Nullable Spool spool;
    // Guarded by this.
    private final Map<Digest, KnownService> rows = new LinkedHashMap<>();
    /** Keys of rows that nobody has open, closed for longest first. */
    private final Set<Digest> closed = new LinkedHashSet<>();

    /** A service's books under its name. */
    public static final class KnownService {
        private final ServiceName name;
        private final ServiceAccounts accounts;
        private int users;

        private KnownService(ServiceName name, ServiceAccounts accounts) {
            this.name = name;
            this.accounts = accounts;
        }

        public ServiceName name() {
            return name;
        }

        public ServiceAccounts accounts() {
            return accounts;
        }
    }

    /**
     * A service's books at one instant.
     *
     * @param name null for all that are forgotten, as one
     */
    public record Told(@Nullable ServiceName name, Balance balance) {}

    /**
     * Takes over what the ledger and the spool say.
     *
     * @param spool null if none is kept
     */
    public ServiceBooks(Ledger ledger, @Nullable Spool spool) {
        this.ledger = ledger;
        this.spool = spool;
        ledger.inherit(spool == null ? Map.of() : spool.requests());
    }

    /**
     * Opens a service's books, once more if they are open. {@link #close} follows for each call.
     *
     * @param key tells services apart
     * @param name chooses one that is not in use
     */
    public synchronized KnownService open(Digest key, Function<Predicate<ServiceName>, ServiceName> name) {
        KnownService row = rows.get(key);
        if (row == null) {
            makeRoom();
            Set<ServiceName> used =
                    rows.values().stream().map(KnownService::name).collect(Collectors.toSet());
            row = new KnownService(name.apply(used::contains), ledger.accounts(key, inSpool(key)));
            rows.put(key, row);
        }
        row.users++;
        closed.remove(key);
        return row;
    }

    private void makeRoom() {
        while (rows.size() >= MAX_NAMED && !closed.isEmpty()) {
            forget(closed.iterator().next());
        }
    }

    private void forget(Digest key) {
        closed.remove(key);
        rows.remove(key);
        ledger.forget(key);
    }

    /** All that was given to the service has been booked, but for what is in the spool, and nobody else uses the books. */
    public synchronized void close(Digest key) {
        KnownService row = rows.get(key);
        if (row != null && --row.users == 0) {
            closed.add(key);
        }
    }

    /** As {@link #close}, of books that nothing was written in: there is nothing to tell. */
    public synchronized void discard(Digest key) {
        close(key);
        KnownService row = rows.get(key);
        if (row != null && row.users == 0 && row.accounts.balance().seen() == 0) {
            forget(key);
        }
    }

    /** Open or closed, under their names. */
    public synchronized List<KnownService> rows() {
        return List.copyOf(rows.values());
    }

    /** All there are, at one instant. */
    public synchronized List<Told> told() {
        List<Told> told = new ArrayList<>();
        rows.values().forEach(row -> told.add(new Told(row.name, row.accounts.balance())));
        told.add(new Told(null, ledger.others().balance()));
        return told;
    }

    @Override
    public synchronized void done(
            SpoolFolder folder, SpoolRecord record, ExporterAccounts exporter, SpanFate outcome, int rejected) {
        ServiceAccounts accounts = ledger.ofSpool(folder.service(), inSpool(folder.service()));
        exporter.of(accounts).unspooled(record, ledger.others(), outcome, rejected, () -> folder.done(record));
    }

    @Override
    public synchronized void corrupt(SpoolFolder folder, ExporterAccounts exporter) {
        ServiceAccounts accounts = ledger.ofSpool(folder.service(), inSpool(folder.service()));
        exporter.of(accounts).unspooled(folder.skipCorrupt(), ledger.others(), SpanFate.CORRUPT, 0, () -> {});
    }

    private long inSpool(Digest service) {
        return spool == null ? 0 : spool.requests(service);
    }
}
