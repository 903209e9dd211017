// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.telemetry.SemconvMode;
import dev.spangard.telemetry.SeriesLimit;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.UpstreamTelemetry;
import dev.spangard.wire.ByteBudget;
import dev.spangard.wire.FrameAssembler;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.resources.Resource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same exchange told live to the Java middleware and afterwards by a recorder makes the same telemetry: that of
 * exchanges.txt.
 */
final class GoldenExchangesTest {
    /** When {@link Frames#batch} shows 999.0. */
    private static final long START = 1_700_000_000_000_000_000L - 1_000_000_000L;

    private static final Map<String, String> EXPECTED = read();

    @TempDir
    private Path directory;

    static List<GoldenExchange> exchanges() {
        return GoldenExchange.all();
    }

    static Stream<GoldenExchange> httpExchanges() {
        return GoldenExchange.all().stream().filter(GoldenExchange::isHttp);
    }

    @Test
    void coversEachExpectationOnce() {
        assertThat(exchanges()).extracting(GoldenExchange::name).containsExactlyElementsOf(EXPECTED.keySet());
    }

    @ParameterizedTest
    @MethodSource("exchanges")
    void live(GoldenExchange exchange) {
        ToldTelemetry told = new ToldTelemetry(START, true);
        LiveRequest.play(exchange, told.openTelemetry, START);
        assertThat(told.text()).isEqualTo(EXPECTED.get(exchange.name()));
    }

    @ParameterizedTest
    @MethodSource("exchanges")
    void recorded(GoldenExchange exchange) throws IOException {
        ToldTelemetry told = new ToldTelemetry(START, true);
        replay(new RecordedRequest(exchange)::sampled, told.openTelemetry, told.ids, new OverloadDetector());
        assertThat(told.text()).isEqualTo(EXPECTED.get(exchange.name()));
    }

    /** A span that there was no time for is missing; not a number is. */
    @ParameterizedTest
    @MethodSource("httpExchanges")
    void recordedAndShed(GoldenExchange exchange) throws IOException {
        ToldTelemetry told = new ToldTelemetry(START, true);
        OverloadDetector overload = OverloadDetectorTest.strained();
        ServiceAccounts accounts =
                replay(new RecordedRequest(exchange)::sampled, told.openTelemetry, told.ids, overload);
        assertThat(told.text()).isEqualTo(measurementsOf(exchange));
        assertThat(accounts.received()).isEqualTo(1);
        assertThat(accounts.dropped(DropReason.INTAKE)).isEqualTo(1);
        assertThat(accounts.dropped()).isEqualTo(1);
        assertThat(accounts.measured()).isZero();
    }

    @ParameterizedTest
    @MethodSource("httpExchanges")
    void liveAndSampledOut(GoldenExchange exchange) {
        ToldTelemetry told = new ToldTelemetry(START, false);
        LiveRequest.play(exchange, told.openTelemetry, START);
        assertThat(told.text()).isEqualTo(measurementsOf(exchange));
    }

    @ParameterizedTest
    @MethodSource("httpExchanges")
    void recordedAndSampledOut(GoldenExchange exchange) throws IOException {
        ToldTelemetry told = new ToldTelemetry(START, false);
        replay(new RecordedRequest(exchange)::unsampled, told.openTelemetry, told.ids, new OverloadDetector());
        assertThat(told.text()).isEqualTo(measurementsOf(exchange));
    }

    private static String measurementsOf(GoldenExchange exchange) {
        String all = Objects.requireNonNull(EXPECTED.get(exchange.name()));
        return all.substring(all.indexOf("http.server."));
    }

    private ServiceAccounts replay(
            Frames.Written record, OpenTelemetry openTelemetry, RecordedIds ids, OverloadDetector overload)
            throws IOException {
        ServiceAccounts accounts;
        Telemetry telemetry = Telemetry.create(openTelemetry, TelemetryOptions.DEFAULTS);
        IntakeCounters counters = new IntakeCounters();
        try (Ledger ledger = Ledger.open(directory.resolve("run/engine.sock"))) {
            UpstreamTelemetry upstream = UpstreamTelemetry.create(
                    openTelemetry,
                    openTelemetry.getTracerProvider(),
                    SemconvMode.OLD,
                    false,
                    TelemetryOptions.DEFAULTS,
                    SeriesLimit.NONE);
            accounts = ledger.accounts("service");
            Service service = new Service(telemetry, upstream, accounts, Resource.empty(), span -> {});
            RecordReader reader = new RecordReader(
                    service,
                    ledger.recorder(1, accounts, false),
                    ids.slot(),
                    counters,
                    new OpenRequests(10, telemetry::conversation, new ByteBudget(1 << 20)),
                    overload);
            FrameAssembler frames = new FrameAssembler();
            MarshalReader in = new MarshalReader();
            for (byte part : Frames.batch(1, 0, record)) {
                assertThat(frames.next(in)).isFalse();
                frames.space().put(part);
            }
            assertThat(frames.next(in)).isTrue();
            int fields = in.sequence();
            assertThat(in.int32()).isEqualTo(1);
            reader.batch(fields, in);
        }
        assertThat(counters.malformedRecords.sum()).isZero();
        return accounts;
    }

    /** Sections that begin with {@code # name}. */
    private static Map<String, String> read() {
        try (InputStream file =
                Objects.requireNonNull(GoldenExchangesTest.class.getResourceAsStream("exchanges.txt"))) {
            Map<String, String> sections = new LinkedHashMap<>();
            for (String section : new String(file.readAllBytes(), StandardCharsets.UTF_8).split("(?m)^# ", -1)) {
                int name = section.indexOf('\n');
                if (name > 0) {
                    sections.put(
                            section.substring(0, name),
                            section.substring(name + 1).strip() + '\n');
                }
            }
            return sections;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
