// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Balance;
import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
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
 * place is needed. Then the sums of the one closed for longest go to those of the {@link Ledger#others}. So whatever
 * was booked stays booked, and all sums together never fall.
 *
 * <p>Any thread may call it. What came out of a spool is booked and marked there under its lock, so a disk that hangs
 * holds up whoever opens or closes books then.
 */
public final class ServiceBooks implements SpoolBooks {
    /** How many services have books under their own names. Open ones always have. */
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

        /** The name, which no other service of the engine has. */
        public ServiceName name() {
            return name;
        }

        /** The service's accounts, the same for whoever opens its books. */
        public ServiceAccounts accounts() {
            return accounts;
        }
    }

    /**
     * A service's books at one instant.
     *
     * @param name null for all that are forgotten, as one
     * @param requests of finished requests
     * @param spans of the applications' own spans
     */
    public record NamedBalance(@Nullable ServiceName name, Balance requests, Balance spans) {
        private static NamedBalance of(@Nullable ServiceName name, ServiceAccounts accounts) {
            return new NamedBalance(name, accounts.balance(), accounts.spans().balance());
        }
    }

    /**
     * Takes over what the ledger and the spool have.
     *
     * @param spool null if none is kept
     */
    public ServiceBooks(Ledger ledger, @Nullable Spool spool) {
        this.ledger = ledger;
        this.spool = spool;
        ledger.inherit(spool == null ? Map.of() : spool.counts());
    }

    /**
     * Opens a service's books, once more if they are open. {@link #close} follows for each call.
     *
     * @param key tells services apart
     * @param name chooses a name that is not in use, and is given whether one is
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

    /** Closes the books: all that was given to the service has been booked, but for what is in the spool. */
    public synchronized void close(Digest key) {
        KnownService row = rows.get(key);
        if (row != null && --row.users == 0) {
            closed.add(key);
        }
    }

    /** Closes the books as {@link #close}, and forgets them if nothing was written in them. */
    public synchronized void discard(Digest key) {
        close(key);
        KnownService row = rows.get(key);
        if (row != null
                && row.users == 0
                && row.accounts.balance().seen() == 0
                && row.accounts.spans().balance().seen() == 0) {
            forget(key);
        }
    }

    /**
     * Books what an earlier engine lost of services that have not come back, {@link Ledger#forgetLost}.
     *
     * @return how much that is
     */
    public synchronized Counts forgetLost() {
        return ledger.forgetLost();
    }

    /** The services whose books are open, or closed and not forgotten. */
    public synchronized List<KnownService> rows() {
        return List.copyOf(rows.values());
    }

    /** All books there are, at one instant; those of forgotten services last. */
    public synchronized List<NamedBalance> balances() {
        List<NamedBalance> balances = new ArrayList<>();
        rows.values().forEach(row -> balances.add(NamedBalance.of(row.name, row.accounts)));
        balances.add(NamedBalance.of(null, ledger.others()));
        return balances;
    }

    @Override
    public synchronized void done(
            SpoolFolder folder, SpoolRecord record, ExporterAccounts exporter, ExportOutcome outcome, int rejected) {
        ServiceAccounts accounts = ledger.ofSpool(folder.service(), inSpool(folder.service()));
        exporter.of(accounts).unspooled(record, ledger.others(), outcome, rejected, () -> folder.done(record));
    }

    @Override
    public synchronized void corrupt(SpoolFolder folder, ExporterAccounts exporter) {
        ServiceAccounts accounts = ledger.ofSpool(folder.service(), inSpool(folder.service()));
        exporter.of(accounts).unspooled(folder.skipCorrupt(), ledger.others(), ExportOutcome.CORRUPT, 0, () -> {});
    }

    private Counts inSpool(Digest service) {
        return spool == null ? Counts.NONE : spool.counts(service);
    }
}
