// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.intake.Accounts;
import dev.spangard.intake.Digest;
import dev.spangard.intake.Hello;
import dev.spangard.intake.Ledger;
import dev.spangard.intake.RecordedIds;
import dev.spangard.intake.Service;
import dev.spangard.intake.Services;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One {@link ServiceSdk} for all recorders with equal settings and resource, so that the workers of one server make one
 * set of series. A service that nobody uses any more is flushed and closed after a while. Thread-safe.
 */
final class ServiceRegistry implements Services, AutoCloseable {
    /** Services at a time: more are a mistake in somebody's configuration, and each costs a thread and its series. */
    static final int MAX_SERVICES = 256;
    /** A server that is restarted joins again, and goes on with the same series. */
    static final Duration UNUSED_FOR = Duration.ofSeconds(30);
    /** Of all services together, at the end. */
    static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /** For the queues to say and book what they could not export, once that time is over. */
    private static final Duration BOOKING_TIME = Duration.ofSeconds(1);

    private static final Logger LOG = System.getLogger("spangard.engine");

    private final Map<String, String> engineSettings;
    private final Ledger ledger;
    private final RecordedIds ids;
    private final @Nullable Spool spool;
    private final SpanMemory memory = new SpanMemory(SpanMemory.DEFAULT_BYTES);
    private final LongSupplier nanoTime;
    private final Consumer<InetSocketAddress> scrapedAt;
    /** By key; guarded by this. */
    private final Map<String, Lease> leases = new LinkedHashMap<>();
    /** Of every service this engine has known, the oldest forgotten first; guarded by this. */
    private final Map<String, Row> rows = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Row> eldest) {
            return size() > MAX_SERVICES;
        }
    };

    /** A service in use, or unused since not long. */
    private static final class Lease {
        private final ServiceSdk sdk;
        private int recorders;
        private long unusedSinceNanos;
        private boolean released;

        Lease(ServiceSdk sdk) {
            this.sdk = sdk;
        }
    }

    /** A service's books under its name. */
    record Row(ServiceName name, Accounts accounts) {}

    /**
     * @param engineSettings the engine's own environment: defaults
     * @param spool null to keep no spans on disk; whose it is closes it
     * @param nanoTime as {@link System#nanoTime}
     * @param scrapedAt told where an application wants its metrics to be scraped
     */
    ServiceRegistry(
            Map<String, String> engineSettings,
            Ledger ledger,
            RecordedIds ids,
            @Nullable Spool spool,
            LongSupplier nanoTime,
            Consumer<InetSocketAddress> scrapedAt) {
        this.engineSettings = Map.copyOf(engineSettings);
        this.ledger = ledger;
        this.ids = ids;
        this.spool = spool;
        this.nanoTime = nanoTime;
        this.scrapedAt = scrapedAt;
    }

    @Override
    public Service join(Hello hello) throws Refusal {
        List<String> warnings = new ArrayList<>();
        var settings = new Settings(Settings.overlay(engineSettings, hello.settings()), warnings::add);
        Resource resource = ApplicationResource.of(hello.process(), settings);
        String key = key(settings, resource, hello.process().tty());
        final ServiceSdk made;
        synchronized (this) {
            Lease lease = leases.get(key);
            if (lease != null) {
                lease.recorders++;
                lease.released = false;
                lease.sdk.joined(hello.process().console());
                return lease.sdk.service();
            }
            made = make(hello.process(), settings, resource, key);
        }
        List<String> idle = Variables.withoutEffect(hello.settings());
        if (!idle.isEmpty()) {
            warnings.add("without effect here: " + String.join(", ", idle));
        }
        warnings.forEach(line -> LOG.log(Level.WARNING, () -> made.name() + ": " + line));
        LOG.log(
                Level.INFO,
                () -> made.name() + ": first recorder, pid " + hello.process().pid());
        InetSocketAddress scraped = made.prometheus();
        if (scraped != null) {
            scrapedAt.accept(scraped);
        }
        return made.service();
    }

    private ServiceSdk make(Hello.WorkerProcess process, Settings settings, Resource resource, String key)
            throws Refusal {
        if (leases.size() == MAX_SERVICES) {
            throw new Refusal("The engine serves " + MAX_SERVICES + " services already.");
        }
        Row known = rows.get(key);
        Digest digest = Digest.of(key);
        Row row = known == null ? new Row(unusedName(resource), accounts(digest)) : known;
        try {
            ServiceSdk sdk = ServiceSdk.start(
                    row.name(),
                    settings,
                    resource,
                    process.console(),
                    process.tty(),
                    ids,
                    memory,
                    row.accounts(),
                    spool == null ? null : new ServiceSpool(spool, digest, folder -> accounts(folder.service())));
            var lease = new Lease(sdk);
            lease.recorders = 1;
            leases.put(key, lease);
            rows.put(key, row);
            return sdk;
        } catch (ConfigurationException e) {
            LOG.log(Level.WARNING, () -> row.name() + ": refused, " + e.getMessage());
            throw new Refusal(e.getMessage());
        }
    }

    /** Of a service, perhaps of one that is not here and has left spans in the spool. */
    private Accounts accounts(Digest service) {
        return ledger.accounts(service, spool == null ? 0 : spool.requests(service));
    }

    private ServiceName unusedName(Resource resource) {
        Set<ServiceName> used = rows.values().stream().map(Row::name).collect(Collectors.toSet());
        ServiceName name = ServiceName.of(resource, 1);
        for (int n = 2; used.contains(name); n++) {
            name = ServiceName.of(resource, n);
        }
        return name;
    }

    @Override
    public synchronized void leave(Service service) {
        for (Lease lease : leases.values()) {
            if (lease.sdk.service().equals(service)) {
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
        List<ServiceSdk> unused = new ArrayList<>();
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
                    unused.add(lease.sdk);
                }
                return over;
            });
        }
        released.forEach(ServiceSdk::release);
        shutdown(unused);
    }

    /** In use, or unused since not long. */
    synchronized List<ServiceSdk> services() {
        return leases.values().stream().map(lease -> lease.sdk).toList();
    }

    /** The books of these and of earlier ones. */
    synchronized List<Row> rows() {
        return List.copyOf(rows.values());
    }

    /** Flushes all, within {@link #CLOSE_TIMEOUT}. No recorder may join any more. */
    @Override
    public void close() {
        List<ServiceSdk> all;
        synchronized (this) {
            all = services();
            leases.clear();
        }
        shutdown(all);
    }

    private static void shutdown(List<ServiceSdk> sdks) {
        List<CompletableResultCode> results =
                sdks.stream().map(ServiceSdk::shutdown).toList();
        CompletableResultCode.ofAll(results)
                .join(CLOSE_TIMEOUT.plus(BOOKING_TIME).toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Equal for equal settings, resource and kind of output, whatever their order. Holds secrets: never shown. */
    private static String key(Settings settings, Resource resource, boolean tty) {
        Map<String, String> attributes = new TreeMap<>();
        resource.getAttributes().forEach((attribute, value) -> attributes.put(attribute.getKey(), value.toString()));
        // Lengths keep a value that looks like the next entry from being taken for it.
        var key = new StringBuilder().append(tty);
        for (Map<String, String> part : List.of(settings.sorted(), attributes)) {
            key.append(part.size()).append(';');
            part.forEach((name, value) -> key.append(name.length())
                    .append(name)
                    .append('=')
                    .append(value.length())
                    .append(value));
        }
        return key.toString();
    }
}
