// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The engine's own admin endpoint, which tells everything, and further ones where applications want to be scraped, each of
 * which tells of the services that asked for its address and is closed with the last of them. They are at loopback, or where
 * the admin endpoint is; without an admin endpoint there are none. An address that cannot be had is worth one line in the
 * log, never the engine. Thread-safe.
 */
final class AdminServers implements ServiceRegistry.Scraped, AutoCloseable {
    /** The most further endpoints: each is a port and a thread. */
    static final int MAX_LISTENERS = 16;

    private static final Logger LOG = System.getLogger("spangard.engine");

    private final @Nullable InetSocketAddress own;
    private final BooleanSupplier ready;
    private final Supplier<MetricSnapshots> metrics;
    // All below is guarded by this.
    private @Nullable AdminServer server;
    private final Map<InetSocketAddress, Listener> listeners = new HashMap<>();
    private boolean closed;

    private record Listener(AdminServer server, Set<ServiceSdk> services) {}

    /**
     * Makes the endpoints; none listens yet.
     *
     * @param own the engine's; null for none anywhere
     */
    AdminServers(@Nullable InetSocketAddress own, BooleanSupplier ready, Supplier<MetricSnapshots> metrics) {
        this.own = own;
        this.ready = ready;
        this.metrics = metrics;
    }

    /**
     * Listens at the engine's own address, if it has one.
     *
     * @param isAskedFor whether somebody waits for it there: the default's port is mostly taken by another engine
     */
    synchronized void start(boolean isAskedFor) {
        if (own != null) {
            server = listen(own, metrics, isAskedFor ? Level.WARNING : Level.DEBUG);
        }
    }

    private @Nullable AdminServer listen(
            InetSocketAddress address, Supplier<MetricSnapshots> told, Level levelOfFailure) {
        try {
            AdminServer listening = AdminServer.start(address, ready, told);
            LOG.log(Level.INFO, () -> "metrics at http:/" + listening.address() + "/metrics");
            return listening;
        } catch (IOException e) {
            LOG.log(levelOfFailure, () -> "no metrics at " + shown(address) + ": " + e.getMessage());
            return null;
        }
    }

    /** An address as somebody writes it, where {@link InetSocketAddress#toString} has a slash, or both of name and number. */
    private static String shown(InetSocketAddress address) {
        String host = address.getHostString();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    /** Listens where a service that has begun wants to be scraped, if that may be. */
    @Override
    public synchronized void opened(ServiceSdk sdk) {
        InetSocketAddress address = sdk.prometheus();
        if (closed || address == null || isOwn(address)) {
            return;
        }
        Listener known = listeners.get(address);
        if (known != null) {
            known.services.add(sdk);
            return;
        }
        String refusal = refusal(address.getAddress());
        if (refusal != null) {
            LOG.log(Level.WARNING, () -> sdk.name() + ": no metrics at " + shown(address) + ": " + refusal);
            return;
        }
        Set<ServiceSdk> services = new LinkedHashSet<>(Set.of(sdk));
        AdminServer listening = listen(address, () -> of(services), Level.WARNING);
        if (listening != null) {
            listeners.put(address, new Listener(listening, services));
        }
    }

    /** Whether the engine's own endpoint is at this address, or at all of the machine's. */
    private boolean isOwn(InetSocketAddress address) {
        return server != null && server.address().getPort() == address.getPort() && isWhereOwnIs(address.getAddress());
    }

    private boolean isWhereOwnIs(InetAddress address) {
        InetAddress ours = own == null ? null : own.getAddress();
        return ours != null && (ours.isAnyLocalAddress() || ours.equals(address));
    }

    private @Nullable String refusal(InetAddress address) {
        if (own == null) {
            return "the engine was started with --admin off";
        }
        if (!address.isLoopbackAddress() && !isWhereOwnIs(address)) {
            return "it is neither at loopback nor where --admin is";
        }
        return listeners.size() >= MAX_LISTENERS ? "the engine has " + MAX_LISTENERS + " such addresses already" : null;
    }

    private MetricSnapshots of(Set<ServiceSdk> services) {
        List<ServiceSdk> asked;
        synchronized (this) {
            asked = new ArrayList<>(services);
        }
        var exposition = new Exposition();
        asked.forEach(sdk -> exposition.add(sdk.scrape().collect()));
        return exposition.snapshots();
    }

    /** Closes what only this service asked for, which is no more. */
    @Override
    public void closed(ServiceSdk sdk) {
        List<AdminServer> over = new ArrayList<>();
        synchronized (this) {
            listeners.values().removeIf(listener -> {
                boolean isOver = listener.services.remove(sdk) && listener.services.isEmpty();
                if (isOver) {
                    over.add(listener.server);
                }
                return isOver;
            });
        }
        over.forEach(AdminServer::close);
    }

    @Override
    public void close() {
        List<AdminServer> all = new ArrayList<>();
        synchronized (this) {
            closed = true;
            if (server != null) {
                all.add(server);
            }
            listeners.values().forEach(listener -> all.add(listener.server));
            listeners.clear();
        }
        // Without the lock, which an answer under way waits for: a server waits for its answers.
        all.forEach(AdminServer::close);
    }
}
