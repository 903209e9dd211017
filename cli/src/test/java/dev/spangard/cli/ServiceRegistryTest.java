// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.intake.Service;
import dev.spangard.intake.ServiceProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceRegistryTest extends TestedRegistry {
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
                .isInstanceOf(ServiceProvider.Refusal.class)
                .hasMessageContaining("OTEL_TRACES_EXPORTER=zipkin");
        assertThatThrownBy(() -> join(1, "a", Map.of("SPANGARD_ATTRIBUTES", "client.port,http.cookies")))
                .isInstanceOf(ServiceProvider.Refusal.class)
                .hasMessageContaining("SPANGARD_ATTRIBUTES: http.cookies is none of");
        assertThatThrownBy(() -> join(1, "a", Map.of("SPANGARD_TRUSTED_PROXIES", "10.0.0.1, proxy.internal")))
                .isInstanceOf(ServiceProvider.Refusal.class)
                .hasMessageContaining("SPANGARD_TRUSTED_PROXIES: proxy.internal is neither");
        assertThat(registry().services()).isEmpty();
        assertThat(registry().books().rows()).isEmpty();
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

    @ParameterizedTest
    @ValueSource(strings = {"metrics.example", "localhost.example", "127.1.", ""})
    void looksUpNoNameToListenAt(String host) throws Exception {
        join(1, "a", Map.of("OTEL_METRICS_EXPORTER", "prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST", host));
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9464);
        assertThat(opened).extracting(ServiceSdk::prometheus).containsExactly(host.isEmpty() ? loopback : null);
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
            assertThatThrownBy(() -> join(1, "server-" + server, settings)).isInstanceOf(ServiceProvider.Refusal.class);
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
