// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records that are told with attributes of the application's own for their measurements. */
final class MeasuredWithTest {
    private static final String DURATION = "http.server.request.duration";

    private final Path socket;
    private final Ledger ledger;
    private final FakeServiceProvider services;
    private final Intake intake;

    MeasuredWithTest(@TempDir Path directory) throws IOException {
        socket = directory.resolve("run/engine.sock");
        ledger = Ledger.open(socket);
        services = new FakeServiceProvider(ledger);
        intake = Intake.open(IntakeOptions.at(socket), ledger, services.ids, services);
    }

    @AfterEach
    void close() throws IOException {
        intake.close();
        ledger.close();
    }

    @Test
    void areMeasuredWithThemAsPythonWroteThem() throws Exception {
        send(Golden.frame("measured_with"), 1);

        assertThat(services.measuredWith(DURATION).getFirst().asMap())
                .containsAllEntriesOf(Attributes.builder()
                        .put("http.route", "/items/{item_id}")
                        .put("plan", "gold")
                        .put("seats", 5)
                        .put("trial", true)
                        .put("share", 0.5)
                        .build()
                        .asMap());
        assertThat(services.spans.getFinishedSpanItems()).hasSize(1);
        assertThat(services.accounts.received()).isEqualTo(1);
    }

    @Test
    void leaveTheNextRecordAlone() throws Exception {
        send(
                Frames.batch(
                        3,
                        0,
                        Frames.measuredWith(1, Frames.malformed()),
                        Frames.http(0x11),
                        Frames.measuredWith(0, Frames.unsampled())),
                3);

        assertThat(services.measured(DURATION)).isEqualTo(2);
        assertThat(services.measuredWith(DURATION))
                .noneSatisfy(with -> assertThat(with.asMap()).containsKey(AttributeKey.stringKey("k0")));
        assertThat(services.accounts.dropped(DropReason.MALFORMED)).isEqualTo(1);
        assertThat(intake.counters().malformedRecords()).isEqualTo(1);
    }

    @Test
    void areAsManyAsAllowedAndNoMore() throws Exception {
        send(
                Frames.batch(
                        2,
                        0,
                        Frames.measuredWith(RecordReader.MAX_MEASURED_WITH, Frames.unsampled()),
                        Frames.measuredWith(RecordReader.MAX_MEASURED_WITH + 1, Frames.unsampled())),
                2);

        assertThat(services.measured(DURATION)).isEqualTo(1);
        assertThat(services.accounts.dropped(DropReason.MALFORMED)).isEqualTo(1);
    }

    @Test
    void standForOneFinishedRequestOnly() throws Exception {
        send(
                Frames.batch(
                        2,
                        0,
                        Frames.measuredWith(1, Frames.open(0x11)),
                        Frames.measuredWith(1, Frames.measuredWith(1, Frames.unsampled()))),
                2);

        assertThat(services.accounts.dropped(DropReason.MALFORMED)).isEqualTo(2);
        assertThat(services.accounts.received()).isEqualTo(2);
    }

    private void send(byte[] batch, long seen) throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(batch);
            recorder.send(Frames.goodbye(seen, 0));
            assertThat(services.left.poll(10, TimeUnit.SECONDS)).isNotNull();
        }
    }
}
