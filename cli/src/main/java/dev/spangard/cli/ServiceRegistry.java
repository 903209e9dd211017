// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Digest;
import dev.spangard.books.Ledger;
import dev.spangard.export.BatchQueueOptions;
import dev.spangard.export.ServiceBooks;
import dev.spangard.export.ServiceName;
import dev.spangard.export.ServiceSpool;
import dev.spangard.export.Spool;
import dev.spangard.intake.Caller;
import dev.spangard.intake.Hello;
import dev.spangard.intake.RecordedIds;
import dev.spangard.intake.Service;
import dev.spangard.intake.ServiceProvider;
import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import dev.spangard.settings.Variables;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one {@link ServiceSdk} for all recorders with equal settings and resource, so that the workers of one server
 * make one set of series. A service that nobody uses any more is flushed and closed after a while. Thread-safe.
 */
final class ServiceRegistry implements ServiceProvider, AutoCloseable {
    /**
     * The most services at a time: more are a mistake in somebody's configuration, and each costs a thread and its
     * series.
     */
    static final int MAX_SERVICES = 256;
    /** The most bytes of all services' settings and resources, in memory: 16 KiB each, of which few have a tenth. */
    static final long MAX_SETTINGS_BYTES = 4 << 20;
    /**
     * How long a service that nobody uses is kept: a server that is restarted joins again, and goes on with the same
     * series.
     */
    static final Duration UNUSED_FOR = Duration.ofSeconds(30);
    /** The time that queues have to log and book what they could not export, once that of the shutdown is over. */
    private static final Duration BOOKING_TIME = Duration.ofSeconds(1);

    private static final Logger LOG = System.getLogger("spangard.engine");

    private final Map<String, String> engineSettings;
    private final ServiceBooks books;
    private final RecordedIds ids;
    private final @Nullable Spool spool;
    private final Shares shares = Shares.own();
    private final Shares guestsShares = Shares.guests();
    private final LongSupplier nanoTime;
    private final Scraped scraped;
    /** The services by the digest of their keys, which hold secrets and may be long; guarded by this. */
    private final Map<Digest, Lease> leases = new LinkedHashMap<>();
    /** A service in use, or unused since not long. */
    private static final class Lease {
        private final Digest key;
        private final ServiceSdk sdk;
        private final boolean isGuests;
        private final long settingsBytes;
        private int recorders;
        private long unusedSinceNanos;
        private boolean released;

        Lease(Digest key, ServiceSdk sdk, boolean isGuests, long settingsBytes) {
            this.key = key;
            this.sdk = sdk;
            this.isGuests = isGuests;
            this.settingsBytes = settingsBytes;
        }
    }

    /**
     * Makes a registry without services.
     *
     * @param engineSettings the engine's own environment: defaults
     * @param spool null to keep no spans on disk; whose it is closes it
     * @param nanoTime as {@link System#nanoTime}
     * @param scraped called for each service that begins, and for its end
     */
    ServiceRegistry(
            Map<String, String> engineSettings,
            Ledger ledger,
            RecordedIds ids,
            @Nullable Spool spool,
            LongSupplier nanoTime,
            Scraped scraped) {
        this.engineSettings = Map.copyOf(engineSettings);
        this.books = new ServiceBooks(ledger, spool);
        this.ids = ids;
        this.spool = spool;
        this.nanoTime = nanoTime;
        this.scraped = scraped;
    }

    /** Where services are scraped. Called outside of any lock. */
    interface Scraped {
        void opened(ServiceSdk sdk);

        void closed(ServiceSdk sdk);
    }

    @Override
    public Service join(Hello hello, Caller caller) throws Refusal {
        List<String> warnings = new ArrayList<>();
        var settings = new Settings(Settings.overlay(engineSettings, hello.settings()), warnings::add);
        Resource resource = ApplicationResource.of(hello.process(), settings);
        boolean tty = hello.process().tty();
        String key = ServiceKey.of(settings, resource, tty, caller);
        final Lease lease;
        boolean isFirst;
        synchronized (this) {
            Lease known = leases.get(Digest.of(key));
            isFirst = known == null;
            lease = known == null ? make(hello, caller, settings, resource, key) : known;
            lease.recorders++;
            lease.released = false;
        }
        ServiceSdk made = lease.sdk;
        made.joined(caller);
        if (!isFirst) {
            return made.service();
        }
        List<String> idle = Variables.withoutEffect(hello.settings());
        if (!idle.isEmpty()) {
            warnings.add("without effect here: " + String.join(", ", idle));
        }
        warnings.stream().distinct().forEach(line -> LOG.log(Level.WARNING, () -> made.name() + ": " + line));
        LOG.log(
                Level.INFO,
                () -> made.name() + ": first recorder, pid " + hello.process().pid());
        scraped.opened(made);
        return made.service();
    }

    private Lease make(Hello hello, Caller caller, Settings settings, Resource resource, String key) throws Refusal {
        long settingsBytes = 2L * key.length();
        checkRoom(caller, settingsBytes);
        if (caller.isGuest() && OtlpSettings.namesFiles(hello.settings())) {
            throw new Refusal("The engine reads no files for another user's application:"
                    + " OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_KEY and _CLIENT_CERTIFICATE must not be set.");
        }
        Digest digest = Digest.of(key);
        ServiceBooks.KnownService row = books.open(digest, isUsed -> unusedName(resource, isUsed));
        ServiceSdk sdk = null;
        try {
            sdk = new ServiceAssembly(
                            new ServiceAssembly.Application(
                                    row.name(),
                                    settings,
                                    resource,
                                    caller,
                                    hello.process().tty()),
                            new ServiceAssembly.Provided(
                                    ids,
                                    caller.isGuest() ? guestsShares : shares,
                                    row.accounts(),
                                    spool == null ? null : new ServiceSpool(spool, digest, books)))
                    .start();
        } catch (ConfigurationException e) {
            LOG.log(Level.WARNING, () -> row.name() + ": refused, " + e.getMessage());
            throw new Refusal(e.getMessage());
        } finally {
            if (sdk == null) {
                books.discard(digest);
            }
        }
        var lease = new Lease(digest, sdk, caller.isGuest(), settingsBytes);
        leases.put(digest, lease);
        return lease;
    }

    /**
     * Refuses a service that is one too many, or whose settings are too much beside the others'. Guests have half of
     * either.
     */
    private void checkRoom(Caller caller, long settingsBytes) throws Refusal {
        long services = 0;
        long bytes = settingsBytes;
        for (Lease lease : leases.values()) {
            if (lease.isGuests || !caller.isGuest()) {
                services++;
                bytes += lease.settingsBytes;
            }
        }
        int share = caller.isGuest() ? 2 : 1;
        if (services >= MAX_SERVICES / share) {
            throw new Refusal("The engine serves " + services + " services already.");
        }
        if (bytes > MAX_SETTINGS_BYTES / share) {
            throw new Refusal("The settings of all services would take more than " + MAX_SETTINGS_BYTES / share / 1024
                    + " KiB of the engine's memory.");
        }
    }

    private static ServiceName unusedName(Resource resource, Predicate<ServiceName> isUsed) {
        ServiceName name = ServiceName.of(resource, 1);
        for (int n = 2; isUsed.test(name); n++) {
            name = ServiceName.of(resource, n);
        }
        return name;
    }

    @Override
    public synchronized void leave(Service service, Caller caller) {
        for (Lease lease : leases.values()) {
            if (lease.sdk.service().equals(service)) {
                lease.sdk.left(caller);
                lease.recorders--;
                lease.unusedSinceNanos = nanoTime.getAsLong();
            }
        }
    }

    /**
     * Releases what nobody uses any more, flushes and closes what nobody has used for {@link #UNUSED_FOR}. Waits for both;
     * called about once a second, by one thread.
     */
    void closeUnused() {
        List<ServiceSdk> released = new ArrayList<>();
        List<Lease> unused = new ArrayList<>();
        synchronized (this) {
            for (Lease lease : leases.values()) {
                if (lease.recorders == 0 && !lease.released) {
                    lease.released = true;
                    released.add(lease.sdk);
                }
            }
            leases.values().removeIf(lease -> {
                boolean over =
                        lease.recorders == 0 && nanoTime.getAsLong() - lease.unusedSinceNanos >= UNUSED_FOR.toNanos();
                if (over) {
                    unused.add(lease);
                }
                return over;
            });
        }
        released.forEach(sdk -> Housekeeper.attempt(sdk::release));
        unused.forEach(lease -> Housekeeper.attempt(() -> scraped.closed(lease.sdk)));
        shutdown(unused);
    }

    /** Returns the services that are in use, or unused since not long. */
    synchronized List<ServiceSdk> services() {
        return leases.values().stream().map(lease -> lease.sdk).toList();
    }

    /** Returns the books of these services and of earlier ones. */
    ServiceBooks books() {
        return books;
    }

    /**
     * Flushes and closes all services, within {@link BatchQueueOptions#SHUTDOWN_TIMEOUT}. No recorder may join any more.
     */
    @Override
    public void close() {
        List<Lease> all;
        synchronized (this) {
            all = List.copyOf(leases.values());
            leases.clear();
        }
        all.forEach(lease -> Housekeeper.attempt(() -> scraped.closed(lease.sdk)));
        shutdown(all);
    }

    private void shutdown(List<Lease> over) {
        List<CompletableResultCode> results = over.stream()
                .map(lease -> lease.sdk.shutdown().whenComplete(() -> books.close(lease.key)))
                .toList();
        CompletableResultCode.ofAll(results)
                .join(BatchQueueOptions.SHUTDOWN_TIMEOUT.plus(BOOKING_TIME).toMillis(), TimeUnit.MILLISECONDS);
    }
}
