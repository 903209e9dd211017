// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The engine's own admin endpoint, and further ones where applications want to be scraped. An address that cannot be had
 * is worth one line in the log, never the engine. Thread-safe.
 */
final class AdminServers implements AutoCloseable {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final BooleanSupplier ready;
    private final Supplier<MetricSnapshots> metrics;
    private final Map<InetSocketAddress, AdminServer> servers = new HashMap<>();
    private final Set<InetSocketAddress> refused = new HashSet<>();
    private boolean closed;

    AdminServers(BooleanSupplier ready, Supplier<MetricSnapshots> metrics) {
        this.ready = ready;
        this.metrics = metrics;
    }

    /** Listens there too, unless that is so already. */
    synchronized void listen(InetSocketAddress address) {
        if (closed || servers.containsKey(address)) {
            return;
        }
        try {
            AdminServer server = AdminServer.start(address, ready, metrics);
            servers.put(address, server);
            refused.remove(address);
            LOG.log(Level.INFO, () -> "metrics at http:/" + server.address() + "/metrics");
        } catch (IOException e) {
            if (refused.add(address)) {
                LOG.log(Level.WARNING, () -> "no metrics at " + address + ": " + e.getMessage());
            }
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        servers.values().forEach(AdminServer::close);
    }
}
