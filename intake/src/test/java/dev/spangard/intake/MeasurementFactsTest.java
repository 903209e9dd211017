// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Ledger;
import dev.spangard.telemetry.OptIn;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.TrustedProxies;
import io.opentelemetry.api.common.Attributes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the records of unsampled requests have besides, where the configuration asks for it. */
final class MeasurementFactsTest {
    private static final String DURATION = "http.server.request.duration";

    @TempDir
    private Path directory;

    @Test
    void namesSchemeAndServerAsATrustedProxySays() throws Exception {
        assertThat(measuredWith(Golden.frame("announced"), "192.0.2.1"))
                .anySatisfy(with -> assertThat(with.asMap())
                        .containsAllEntriesOf(Attributes.builder()
                                .put("http.request.method", "GET")
                                .put("url.scheme", "https")
                                .put("server.address", "example.org")
                                .put("server.port", 443)
                                .build()
                                .asMap()));
    }

    @Test
    void saysNothingForAProxyThatIsNotTrusted() throws Exception {
        assertThat(measuredWith(Golden.frame("announced"), "192.0.2.2"))
                .anySatisfy(with -> assertThat(with.asMap())
                        .containsAllEntriesOf(Attributes.builder()
                                .put("url.scheme", "http")
                                .put("server.address", "example.org")
                                .put("server.port", 80)
                                .build()
                                .asMap()));
    }

    /** Of what measures the requests of this batch. */
    private List<Attributes> measuredWith(byte[] batch, String trusted) throws IOException, InterruptedException {
        Path socket = directory.resolve("run/engine.sock");
        try (Ledger ledger = Ledger.open(socket)) {
            FakeServiceProvider services = new FakeServiceProvider(ledger, trusting(trusted));
            try (Intake intake = Intake.open(IntakeOptions.at(socket), ledger, services.ids, services);
                    Recorder recorder = Recorder.welcomed(socket, 1)) {
                recorder.send(batch);
                recorder.send(Frames.goodbye(6, 0));
                assertThat(services.left.poll(10, TimeUnit.SECONDS)).isNotNull();
                assertThat(intake.counters().malformedRecords()).isZero();
            }
            return services.measuredWith(DURATION);
        }
    }

    private static TelemetryOptions trusting(String proxy) {
        TelemetryOptions defaults = TelemetryOptions.DEFAULTS;
        return new TelemetryOptions(
                defaults.knownMethods(),
                defaults.sensitiveQueryParameters(),
                defaults.attributeValueLengthLimit(),
                defaults.workerPid(),
                TrustedProxies.of(List.of(proxy)),
                OptIn.of(List.of("server.address", "server.port")),
                defaults.exceptions(),
                defaults.webSocketEvents());
    }
}
