// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.intake.Ledger;
import dev.spangard.intake.RecordedIds;
import dev.spangard.intake.Service;
import dev.spangard.intake.Services;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceRegistryTest {
    private static final Map<String, String> NONE = Map.of("OTEL_TRACES_EXPORTER", "none");

    @TempDir
    Path directory;

    private final AtomicLong nanoTime = new AtomicLong(-5);
    private final List<InetSocketAddress> scrapedAt = new ArrayList<>();
    private @Nullable Ledger ledger;
    private @Nullable ServiceRegistry registry;

    @BeforeEach
    void open() throws IOException {
        Ledger opened = Ledger.open(directory.resolve("engine.sock"));
        ledger = opened;
        registry = new ServiceRegistry(Map.of(), opened, new RecordedIds(), null, nanoTime::get, scrapedAt::add);
    }

    @AfterEach
    void close() throws IOException {
        registry().close();
        requireNonNull(ledger).close();
    }

    private ServiceRegistry registry() {
        return requireNonNull(registry);
    }

    private Service join(long recorder, String instance, Map<String, String> settings) throws Services.Refusal {
        return registry().join(TestHello.of(recorder, instance, settings));
    }

    private void after(long seconds) {
        nanoTime.addAndGet(seconds * 1_000_000_000L);
        registry().closeUnused();
    }

    @Test
    void workersOfOneServerShareOneService() throws Exception {
        assertThat(join(1, "a", NONE)).isSameAs(join(2, "a", NONE));
        assertThat(registry().services()).hasSize(1);
    }

    @Test
    void anotherServerOrOtherSettingsAreAnotherService() throws Exception {
        Service first = join(1, "a", NONE);

        assertThat(join(2, "b", NONE)).isNotSameAs(first);
        assertThat(join(3, "a", Map.of("OTEL_TRACES_EXPORTER", "none", "OTEL_SERVICE_NAME", "x")))
                .isNotSameAs(first);
        assertThat(registry().services()).hasSize(3);
    }

    @Test
    void settingsThatRunIntoEachOtherAreNotTheSame() throws Exception {
        Service first = join(1, "a", Map.of("OTEL_TRACES_EXPORTER", "none", "OTEL_A", "b5OTEL_C=1d"));
        assertThat(join(2, "a", Map.of("OTEL_TRACES_EXPORTER", "none", "OTEL_A", "b", "OTEL_C", "d")))
                .isNotSameAs(first);
    }

    @Test
    void servicesWithTheSameNameAndInstanceAreNumbered() throws Exception {
        join(1, "a", NONE);
        join(2, "a", Map.of("OTEL_TRACES_EXPORTER", "none", "OTEL_BSP_SCHEDULE_DELAY", "7"));

        assertThat(registry().rows()).extracting(row -> row.name().duplicate()).containsExactly(1, 2);
        assertThat(registry().rows().stream().map(row -> row.name().labels()).distinct())
                .hasSize(2);
    }

    @Test
    void closesAServiceThatNobodyHasUsedForHalfAMinute() throws Exception {
        Service first = join(1, "a", NONE);
        join(2, "a", NONE);
        registry().leave(first);
        after(100);
        assertThat(registry().services()).hasSize(1);

        registry().leave(first);
        after(29);
        assertThat(registry().services()).hasSize(1);
        after(1);
        assertThat(registry().services()).isEmpty();
    }

    @Test
    void aServiceThatIsJoinedAgainInTimeGoesOn() throws Exception {
        Service first = join(1, "a", NONE);
        registry().leave(first);
        after(29);

        assertThat(join(2, "a", NONE)).isSameAs(first);
        after(100);
        assertThat(registry().services()).hasSize(1);
    }

    @Test
    void theBooksOfAClosedServiceStayAndGoOn() throws Exception {
        Service first = join(1, "a", NONE);
        registry().leave(first);
        after(30);
        assertThat(registry().rows()).hasSize(1);

        Service second = join(2, "a", NONE);
        assertThat(second).isNotSameAs(first);
        assertThat(second.accounts()).isSameAs(first.accounts());
        assertThat(registry().rows()).hasSize(1);
    }

    @Test
    void refusesWhatCannotBeConfiguredAndKeepsNothingOfIt() {
        assertThatThrownBy(() -> join(1, "a", Map.of("OTEL_TRACES_EXPORTER", "zipkin")))
                .isInstanceOf(Services.Refusal.class)
                .hasMessageContaining("OTEL_TRACES_EXPORTER=zipkin");
        assertThatThrownBy(() -> join(1, "a", Map.of("SPANGARD_ATTRIBUTES", "client.port,http.cookies")))
                .isInstanceOf(Services.Refusal.class)
                .hasMessageContaining("SPANGARD_ATTRIBUTES: http.cookies is none of");
        assertThatThrownBy(() -> join(1, "a", Map.of("SPANGARD_TRUSTED_PROXIES", "10.0.0.1, proxy.internal")))
                .isInstanceOf(Services.Refusal.class)
                .hasMessageContaining("SPANGARD_TRUSTED_PROXIES: proxy.internal is neither");
        assertThat(registry().services()).isEmpty();
        assertThat(registry().rows()).isEmpty();
    }

    @Test
    void refusesOneServiceTooMany() throws Exception {
        for (int i = 0; i < ServiceRegistry.MAX_SERVICES; i++) {
            join(i, "server-" + i, NONE);
        }
        assertThatThrownBy(() -> join(1000, "one more", NONE))
                .isInstanceOf(Services.Refusal.class)
                .hasMessageContaining("256");
        assertThat(join(1001, "server-0", NONE)).isNotNull();
    }

    @Test
    void tellsWhereAnApplicationWantsToBeScraped() throws Exception {
        join(1, "a", Map.of("OTEL_METRICS_EXPORTER", "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT", "9999"));
        assertThat(scrapedAt).containsExactly(new InetSocketAddress("localhost", 9999));
    }
}
