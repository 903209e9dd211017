// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Ledger;
import dev.spangard.export.CapturedLog;
import dev.spangard.export.ServiceName;
import dev.spangard.intake.RecordedIds;
import dev.spangard.settings.Settings;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where applications ask to be scraped. */
final class AdminServersTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(LOOPBACK, 0);

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<ServiceSdk> services = new ArrayList<>();
    private final Ledger ledger;

    AdminServersTest(@TempDir Path directory) throws IOException {
        ledger = Ledger.open(directory.resolve("engine.sock"));
    }

    @AfterEach
    void close() throws IOException {
        services.forEach(ServiceSdk::shutdown);
        client.close();
        ledger.close();
    }

    private static AdminServers at(@Nullable InetSocketAddress own) {
        var servers = new AdminServers(own, () -> true, MetricSnapshots::of);
        servers.start(true);
        return servers;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, LOOPBACK)) {
            return socket.getLocalPort();
        }
    }

    private ServiceSdk service(String name, String host, int port) throws Exception {
        Map<String, String> settings = Map.of(
                "OTEL_METRICS_EXPORTER",
                "prometheus",
                "OTEL_EXPORTER_PROMETHEUS_HOST",
                host,
                "OTEL_EXPORTER_PROMETHEUS_PORT",
                Integer.toString(port));
        Resource resource = Resource.create(Attributes.of(ServiceName.NAME, name));
        var application = new ServiceAssembly.Application(
                ServiceName.of(resource, 1), new Settings(settings, line -> {}), resource, TestHello.OWN, false);
        var provided = new ServiceAssembly.Provided(new RecordedIds(), Shares.own(), ledger.accounts(name), null);
        ServiceSdk sdk = new ServiceAssembly(application, provided).start();
        services.add(sdk);
        return sdk;
    }

    private String metrics(int port) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
        return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }

    private boolean answers(int port) throws Exception {
        try {
            metrics(port);
            return true;
        } catch (ConnectException e) {
            return false;
        }
    }

    @Test
    void tellsOfTheServicesThatAskedForTheAddressAndOfNoOther() throws Exception {
        try (var servers = at(ANY_PORT)) {
            int port = freePort();
            int other = freePort();
            servers.opened(service("one", "localhost", port));
            servers.opened(service("two", "127.0.0.1", port));
            servers.opened(service("three", "localhost", other));

            assertThat(metrics(port))
                    .contains("service_name=\"one\"", "service_name=\"two\"")
                    .doesNotContain("three");
            assertThat(metrics(other)).contains("service_name=\"three\"").doesNotContain("one");
        }
    }

    @Test
    void closesAnAddressWithTheLastServiceThatAskedForIt() throws Exception {
        try (var servers = at(ANY_PORT)) {
            int port = freePort();
            ServiceSdk one = service("one", "localhost", port);
            ServiceSdk two = service("two", "localhost", port);
            servers.opened(one);
            servers.opened(two);
            servers.closed(one);
            assertThat(metrics(port)).contains("two").doesNotContain("one");
            servers.closed(two);
            assertThat(answers(port)).isFalse();
        }
    }

    @Test
    void listensNowhereWhereTheEngineIsToldToListenNowhere() throws Exception {
        int port = freePort();
        try (var servers = at(null);
                var log = CapturedLog.of("spangard.engine")) {
            servers.opened(service("one", "localhost", port));
            assertThat(answers(port)).isFalse();
            assertThat(log.lines()).hasSize(1).first().asString().contains("one: no metrics at", "--admin off");
        }
    }

    @Test
    void listensBeyondLoopbackOnlyWhereTheEngineItselfDoes() throws Exception {
        try (var servers = at(ANY_PORT);
                var log = CapturedLog.of("spangard.engine")) {
            int port = freePort();
            servers.opened(service("one", "0.0.0.0", port));
            servers.opened(service("two", "192.0.2.1", port));
            assertThat(answers(port)).isFalse();
            assertThat(log.lines()).hasSize(2).allMatch(line -> line.contains("neither at loopback nor where --admin"));
        }
        try (var servers = at(new InetSocketAddress("0.0.0.0", 0))) {
            int port = freePort();
            servers.opened(service("three", "0.0.0.0", port));
            assertThat(metrics(port)).contains("three");
        }
    }

    @Test
    void listensAtSoManyAddresses() throws Exception {
        List<Integer> ports = new ArrayList<>();
        try (var servers = at(ANY_PORT);
                var log = CapturedLog.of("spangard.engine")) {
            for (int i = 0; i <= AdminServers.MAX_LISTENERS; i++) {
                int port = freePort();
                ports.add(port);
                servers.opened(service("s" + i, "localhost", port));
            }
            assertThat(answers(ports.get(AdminServers.MAX_LISTENERS - 1))).isTrue();
            assertThat(answers(ports.get(AdminServers.MAX_LISTENERS))).isFalse();
            assertThat(log.lines()).anyMatch(line -> line.contains("has 16 such addresses already"));

            servers.closed(services.getFirst());
            servers.opened(services.getLast());
            assertThat(answers(ports.getLast())).isTrue();
        }
    }

    @Test
    void anAddressThatIsTakenIsOneLine() throws Exception {
        try (var others = new ServerSocket(0, 1, LOOPBACK);
                var servers = at(new InetSocketAddress(LOOPBACK, others.getLocalPort()));
                var log = CapturedLog.of("spangard.engine")) {
            servers.opened(service("one", "localhost", others.getLocalPort()));
            assertThat(log.lines()).hasSize(1).first().asString().contains("no metrics at");
        }
    }
}
