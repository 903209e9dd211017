// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Ledger;
import dev.spangard.books.SocketDirectory;
import dev.spangard.books.TakeOver;
import dev.spangard.export.BatchQueueOptions;
import dev.spangard.export.Spool;
import dev.spangard.intake.Intake;
import dev.spangard.intake.IntakeOptions;
import dev.spangard.intake.RecordedIds;
import dev.spangard.settings.EngineVersion;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * All of {@code spangard engine}: its books, its services, its admin endpoint and its socket. Opened in this order and
 * closed in the reverse, so that what the socket has read is exported before the books are closed.
 */
final class Engine implements AutoCloseable {
    private static final Logger LOG = System.getLogger("spangard.engine");
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private final EngineOptions options;
    private final Ledger ledger;
    private final @Nullable Spool spool;
    private final ServiceRegistry services;
    private final AdminServers admin;
    private final DropReport drops;
    private final Thread housekeeper;
    private final CountDownLatch stop;
    /** The socket; null until recorders can connect. */
    private volatile @Nullable Intake intake;

    private Engine(EngineOptions options, Map<String, String> environment, CountDownLatch stop)
            throws IOException, InterruptedException {
        this.options = options;
        this.stop = stop;
        SocketDirectory.prepare(options.socket(), !options.allowedUids().isEmpty());
        this.ledger = options.replace() ? TakeOver.of(options.socket(), stop) : Ledger.open(options.socket());
        this.spool = spool(options, ledger);
        RecordedIds ids = new RecordedIds();
        this.admin = new AdminServers(options.admin(), this::isReady, this::metrics);
        this.services = new ServiceRegistry(environment, ledger, ids, spool, System::nanoTime, admin);
        this.drops = new DropReport();
        this.housekeeper = Thread.ofPlatform()
                .daemon()
                .name("spangard-housekeeper")
                .unstarted(new Housekeeper(
                        LOOK_EVERY,
                        stop,
                        List.of(
                                () -> drops.logChanges(services.books().rows()),
                                EngineLog::logSuppressed,
                                services::closeUnused,
                                new EarlierLosses(services.books(), System::nanoTime),
                                this::leaveIfIdle,
                                this::leaveIfUnreachable)));
        try {
            this.intake = Intake.open(IntakeOptions.at(options.socket(), options.allowedUids()), ledger, ids, services);
        } catch (IOException | RuntimeException e) {
            if (spool != null) {
                spool.close();
            }
            ledger.close();
            throw e;
        }
    }

    /** Opens the spool, behind the ledger, whose lock says first that another engine is running here. */
    private static @Nullable Spool spool(EngineOptions options, Ledger ledger) throws IOException {
        EngineOptions.Spooling spooling = options.spool();
        if (spooling == null) {
            return null;
        }
        try {
            return Spool.open(spooling.directory(), spooling.maxBytes());
        } catch (IOException e) {
            ledger.close();
            throw e;
        }
    }

    /**
     * Starts an engine, which listens when this returns.
     *
     * @param environment the engine's own variables: defaults for its services
     * @param stop counted down by whoever wants the end, the engine itself when it is idle
     * @return the engine, to be closed by the caller
     * @throws dev.spangard.books.EngineRunningException if another engine serves this socket
     * @throws TakeOver.FailedException if that one is to be replaced and cannot be
     */
    static Engine start(EngineOptions options, Map<String, String> environment, CountDownLatch stop)
            throws IOException, InterruptedException {
        var engine = new Engine(options, environment, stop);
        engine.admin.start(options.asksForAdmin());
        engine.housekeeper.start();
        return engine;
    }

    /** Waits until somebody asks for the end, or no recorder has been there for long enough. */
    void awaitStop() throws InterruptedException {
        // Said here and not at the start: whoever reads it may send a signal, which the caller is ready for only now.
        LOG.log(Level.INFO, () -> "engine " + EngineVersion.TEXT + " listens at " + options.socket());
        loadWhatReadsFiles();
        stop.await();
    }

    /**
     * Loads classes of the JDK that read files when they are first used, as the first service does: where that fails once,
     * for want of descriptors, they are of no use for good.
     */
    private static void loadWhatReadsFiles() {
        try {
            TimeZone.getDefault();
            SSLContext.getInstance("TLS");
        } catch (GeneralSecurityException | RuntimeException e) {
            LOG.log(Level.WARNING, "TLS is not to be had", e);
        }
    }

    private boolean isReady() {
        return intake != null && stop.getCount() > 0;
    }

    private MetricSnapshots metrics() {
        Intake listening = intake;
        if (listening == null) {
            return MetricSnapshots.of();
        }
        var exposition = new Exposition();
        var overflow = new Overflow();
        for (ServiceSdk sdk : services.services()) {
            var families = new MetricSnapshots(sdk.scrape().collect().stream()
                    .filter(family -> !ServiceMetrics.isSaidByEngine(family))
                    .toList());
            exposition.add(families);
            overflow.add(sdk.name().labels(), families);
        }
        exposition.add(MetricSnapshots.of(overflow.snapshot()));
        exposition.add(EngineMetrics.collect(
                EngineVersion.TEXT,
                listening.peers(),
                listening.counters(),
                services.books().balances(),
                services.services(),
                spool));
        return exposition.snapshots();
    }

    private void leaveIfIdle() {
        if (isIdle()) {
            LOG.log(Level.INFO, "no recorder for long; leaving");
            stop.countDown();
        }
    }

    /** An engine without a name serves nobody who comes, and keeps the ledger from the one that would. */
    private void leaveIfUnreachable() {
        Intake listening = intake;
        if (stop.getCount() > 0 && listening != null && !listening.isReachable()) {
            LOG.log(Level.WARNING, () -> options.socket() + " was removed or replaced; leaving to the next engine");
            stop.countDown();
        }
    }

    private boolean isIdle() {
        Duration limit = options.idleExit();
        Intake listening = intake;
        return limit != null
                && listening != null
                && listening.peers() == 0
                && System.nanoTime() - listening.lastActivityNanoTime() >= limit.toNanos();
    }

    /** Stops accepting, reads what has arrived, exports it within {@link BatchQueueOptions#SHUTDOWN_TIMEOUT}, closes the books. */
    @Override
    public void close() {
        stop.countDown();
        Intake listening = intake;
        if (listening != null) {
            listening.close();
        }
        services.close();
        admin.close();
        if (spool != null) {
            spool.close();
        }
        try {
            ledger.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the ledger did not close", e);
        }
        LOG.log(Level.INFO, "engine ends");
    }
}
