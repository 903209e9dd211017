// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.books.Ledger;
import dev.spangard.export.CapturedLog;
import dev.spangard.intake.Caller;
import dev.spangard.intake.RecordedIds;
import dev.spangard.intake.Service;
import dev.spangard.intake.Services;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceRegistryTest {
    private static final Map<String, String> NONE = Map.of("OTEL_TRACES_EXPORTER", "none");

    @TempDir
    Path directory;

    private final AtomicLong nanoTime = new AtomicLong(-5);
    private final List<ServiceSdk> opened = new ArrayList<>();
    private final List<ServiceSdk> closed = new ArrayList<>();
    private @Nullable Ledger ledger;
    private @Nullable ServiceRegistry registry;

    @BeforeEach
    void open() throws IOException {
        Ledger opened = Ledger.open(directory.resolve("engine.sock"));
        ledger = opened;
        registry = new ServiceRegistry(Map.of(), opened, new RecordedIds(), null, nanoTime::get, scraped());
    }

    private ServiceRegistry.Scraped scraped() {
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

    private ServiceRegistry registry() {
        return requireNonNull(registry);
    }

    private Service join(long recorder, String instance, Map<String, String> settings) throws Services.Refusal {
        return registry().join(TestHello.of(recorder, instance, settings), TestHello.OWN);
    }

    private Service joinAs(String guest, String instance, Map<String, String> settings) throws Services.Refusal {
        return registry().join(TestHello.of(1, instance, settings), new Caller(guest, true, null));
    }

    private void leave(Service service) {
        registry().leave(service, TestHello.OWN);
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

        assertThat(registry().books().rows())
                .extracting(row -> row.name().duplicate())
                .containsExactly(1, 2);
        assertThat(registry().books().rows().stream()
                        .map(row -> row.name().labels())
                        .distinct())
                .hasSize(2);
    }

    @Test
    void closesAServiceThatNobodyHasUsedForHalfAMinute() throws Exception {
        Service first = join(1, "a", NONE);
        join(2, "a", NONE);
        leave(first);
        after(100);
        assertThat(registry().services()).hasSize(1);

        leave(first);
        after(29);
        assertThat(registry().services()).hasSize(1);
        after(1);
        assertThat(registry().services()).isEmpty();
    }

    @Test
    void aServiceThatIsJoinedAgainInTimeGoesOn() throws Exception {
        Service first = join(1, "a", NONE);
        leave(first);
        after(29);

        assertThat(join(2, "a", NONE)).isSameAs(first);
        after(100);
        assertThat(registry().services()).hasSize(1);
    }

    @Test
    void theBooksOfAClosedServiceStayAndGoOn() throws Exception {
        Service first = join(1, "a", NONE);
        leave(first);
        after(30);
        assertThat(registry().books().rows()).hasSize(1);

        Service second = join(2, "a", NONE);
        assertThat(second).isNotSameAs(first);
        assertThat(second.accounts()).isSameAs(first.accounts());
        assertThat(registry().books().rows()).hasSize(1);
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
        assertThat(registry().books().rows()).isEmpty();
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
    void tellsWhereAnApplicationWantsToBeScrapedAndWhenItNoLongerDoes() throws Exception {
        Service service =
                join(1, "a", Map.of("OTEL_METRICS_EXPORTER", "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT", "9999"));
        assertThat(opened)
                .extracting(ServiceSdk::prometheus)
                .containsExactly(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9999));
        leave(service);
        after(29);
        assertThat(closed).isEmpty();
        after(1);
        assertThat(closed).isEqualTo(opened);
    }

    @Test
    void listensNowhereForAnotherUser() throws Exception {
        try (var log = CapturedLog.of("spangard.engine")) {
            joinAs("guest", "a", Map.of("OTEL_METRICS_EXPORTER", "prometheus"));
            assertThat(log.lines()).anyMatch(line -> line.contains("the engine listens nowhere for another user"));
        }
        assertThat(opened).extracting(ServiceSdk::prometheus).containsOnlyNulls();
    }

    @ParameterizedTest
    @ValueSource(strings = {"metrics.example", "localhost.example", "127.1.", ""})
    void looksUpNoNameToListenAt(String host) throws Exception {
        join(1, "a", Map.of("OTEL_METRICS_EXPORTER", "prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST", host));
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9464);
        assertThat(opened).extracting(ServiceSdk::prometheus).containsExactly(host.isEmpty() ? loopback : null);
    }

    @Test
    void usersShareNoService() throws Exception {
        Service own = join(1, "a", NONE);
        Service guests = joinAs("guest", "a", NONE);

        assertThat(guests).isNotSameAs(own).isNotSameAs(joinAs("other", "a", NONE));
        assertThat(guests.accounts()).isNotSameAs(own.accounts());
        assertThat(joinAs("guest", "a", NONE)).isSameAs(guests);
    }

    @Test
    void guestsHaveHalfOfTheServices() throws Exception {
        for (int i = 0; i < ServiceRegistry.MAX_SERVICES / 2; i++) {
            joinAs("guest", "server-" + i, NONE);
        }
        assertThatThrownBy(() -> joinAs("other", "one more", NONE))
                .isInstanceOf(Services.Refusal.class)
                .hasMessageContaining("128");
        assertThat(join(1, "own", NONE)).isNotNull();
    }

    /** What the settings take beside the given ones is the same for all, and some hundred characters. */
    @Test
    void refusesSettingsThatTakeTooMuchBesideTheOthers() throws Exception {
        int each = 40 << 10;
        int most = (int) (ServiceRegistry.MAX_SETTINGS_BYTES / (2L * each));
        for (int i = 0; i < most / 2; i++) {
            joinAs("guest", "server-" + i, large(each));
        }
        assertThatThrownBy(() -> joinAs("guest", "one more", large(each)))
                .isInstanceOf(Services.Refusal.class)
                .hasMessage("The settings of all services would take more than 2048 KiB of the engine's memory.");
        List<Service> own = new ArrayList<>();
        for (int i = 0; i < most - most / 2; i++) {
            own.add(join(1, "own-" + i, large(each)));
        }
        assertThatThrownBy(() -> join(1, "one more", large(each))).hasMessageContaining("4096 KiB");
        assertThat(join(1, "small", NONE)).isNotNull();

        leave(own.getFirst());
        after(30);
        assertThat(join(1, "one more", large(each))).isNotNull();
    }

    private static Map<String, String> large(int characters) {
        return Map.of("OTEL_TRACES_EXPORTER", "none", "OTEL_LARGE", "x".repeat(characters - 1000));
    }

    @Test
    void readsNoFilesForAnotherUser() throws Exception {
        Map<String, String> settings = Map.of(
                "OTEL_TRACES_EXPORTER", "otlp", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/etc/ssl/private/key.pem");
        assertThatThrownBy(() -> joinAs("guest", "a", settings))
                .isInstanceOf(Services.Refusal.class)
                .hasMessageContaining("reads no files for another user");
        assertThat(registry().services()).isEmpty();
    }

    @Test
    void makesNoQueueLargerThanItsHeap() throws Exception {
        Map<String, String> settings = Map.of(
                "OTEL_TRACES_EXPORTER", "otlp",
                "OTEL_METRICS_EXPORTER", "none",
                "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs",
                "OTEL_BSP_MAX_QUEUE_SIZE", "2000000000",
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2000000000",
                "OTEL_BLRP_MAX_QUEUE_SIZE", "2000000000",
                "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "2000000000");
        try (var log = CapturedLog.of("spangard.engine")) {
            assertThat(join(1, "a", settings)).isNotNull();
            assertThat(log.lines())
                    .anyMatch(
                            line -> line.contains("OTEL_BLRP_MAX_QUEUE_SIZE=2000000000 is more than 8192; using 8192"));
        }
    }

    @Test
    void leavesNoThreadOfAServiceThatDidNotComeToBe() throws Exception {
        Map<String, String> settings = Map.of(
                "OTEL_TRACES_EXPORTER", "otlp",
                "OTEL_METRICS_EXPORTER", "otlp",
                "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs",
                "OTEL_LOGS_EXPORTER", "otlp,zipkin");
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        for (int i = 0; i < 20; i++) {
            int server = i;
            assertThatThrownBy(() -> join(1, "server-" + server, settings)).isInstanceOf(Services.Refusal.class);
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        Set<Thread> left;
        do {
            System.gc(); // the JDK's HTTP clients end when nobody refers to them
            left = Thread.getAllStackTraces().keySet();
            left.removeAll(before);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        } while (!left.isEmpty() && System.nanoTime() - deadline < 0);
        assertThat(left).isEmpty();
    }
}
