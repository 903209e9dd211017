// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static java.util.Objects.requireNonNull;

import dev.spangard.books.Ledger;
import dev.spangard.intake.Caller;
import dev.spangard.intake.RecordedIds;
import dev.spangard.intake.Service;
import dev.spangard.intake.ServiceProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Services that recorders join and leave, at a time that the test says. */
abstract class TestedRegistry {
    static final Map<String, String> NONE = Map.of("OTEL_TRACES_EXPORTER", "none");

    @TempDir
    Path directory;

    final AtomicLong nanoTime = new AtomicLong(-5);
    final List<ServiceSdk> opened = new ArrayList<>();
    final List<ServiceSdk> closed = new ArrayList<>();

    @Nullable
    Ledger ledger;

    @Nullable
    ServiceRegistry registry;

    @BeforeEach
    void open() throws IOException {
        Ledger opened = Ledger.open(directory.resolve("engine.sock"));
        ledger = opened;
        registry = new ServiceRegistry(Map.of(), opened, new RecordedIds(), null, nanoTime::get, scraped());
    }

    ServiceRegistry.Scraped scraped() {
        return new ServiceRegistry.Scraped() {
            @Override
            public void opened(ServiceSdk sdk) {
                opened.add(sdk);
            }

            @Override
            public void closed(ServiceSdk sdk) {
                closed.add(sdk);
            }
        };
    }

    @AfterEach
    void close() throws IOException {
        registry().close();
        requireNonNull(ledger).close();
    }

    ServiceRegistry registry() {
        return requireNonNull(registry);
    }

    Service join(long recorder, String instance, Map<String, String> settings) throws ServiceProvider.Refusal {
        return registry().join(TestHello.of(recorder, instance, settings), TestHello.OWN);
    }

    Service joinAs(String guest, String instance, Map<String, String> settings) throws ServiceProvider.Refusal {
        return registry().join(TestHello.of(1, instance, settings), new Caller(guest, true, null));
    }

    void leave(Service service) {
        registry().leave(service, TestHello.OWN);
    }

    void after(long seconds) {
        nanoTime.addAndGet(seconds * 1_000_000_000L);
        registry().closeUnused();
    }
}
