// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeadWorkersTest extends TestedIntake {
    DeadWorkersTest(@TempDir Path directory) throws IOException {
        super(directory);
    }

    @Test
    void closesTheOpenRequestsOfAWorkerThatDies() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(1, 0, Frames.open(0x11), Frames.openUnsampled(0x12), Frames.http(0x13)));
        }
        awaitLeft();

        SpanData span = services.span("0000000000000011");
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo("worker_died");
        assertThat(span.getTraceId()).isEqualTo("00000000000000070000000000000011");
        assertThat(span.getEndEpochNanos()).isEqualTo(NOW);
        assertThat(services.active()).isZero();
        assertThat(services.accounts.seen()).isEqualTo(3);
        assertThat(services.accounts.received()).isEqualTo(3);
        assertThat(services.accounts.measured()).isEqualTo(1);
        assertThat(intake.counters().vanished()).isEqualTo(1);
    }

    @Test
    void endsTheOpenRequestsOfAWorkerThatSaysGoodbye() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(1, 0, Frames.open(0x11), Frames.openUnsampled(0x12), Frames.http(0x13)));
            recorder.send(Frames.goodbye(1, 0));
            awaitLeft();
        }

        SpanData span = services.span("0000000000000011");
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo("worker_exited");
        assertThat(span.getEndEpochNanos()).isEqualTo(Frames.GOODBYE_NANOS);
        assertThat(services.active()).isZero();
        assertThat(services.accounts.seen()).isEqualTo(3);
        assertThat(services.accounts.received()).isEqualTo(3);
        assertThat(services.accounts.measured()).isEqualTo(1);
        assertThat(services.measured("http.server.request.duration")).isEqualTo(3);
        assertThat(intake.counters().vanished()).isZero();
    }

    @Test
    void countsOpenRequestsAsActiveUntilTheyEnd() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(0, 0, Frames.open(0x11), Frames.openUnsampled(0x12)));
            recorder.send(Frames.batch(1, 0, Frames.http(0x11)));
            recorder.send(Frames.goodbye(1, 0));
            awaitLeft();
        }

        // The unsampled one was still open at the goodbye: it has ended with its process, and is no span.
        assertThat(services.active()).isZero();
        assertThat(services.spans.getFinishedSpanItems()).hasSize(1);
        assertThat(services.measured("http.server.request.duration")).isEqualTo(2);
    }

    @Test
    void remembersNoMoreOpenRequestsThanAllowed() throws Exception {
        intake.close();
        intake = Intake.open(
                new IntakeOptions(socket, 9, 2, Duration.ofSeconds(2), PeerLimits.DEFAULTS, Set.of()),
                ledger,
                services.ids,
                services,
                () -> NOW);
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(0, 0, Frames.open(0x11), Frames.open(0x12), Frames.open(0x13)));
        }
        awaitLeft();

        assertThat(services.spans.getFinishedSpanItems())
                .extracting(SpanData::getSpanId)
                .containsExactly("0000000000000012", "0000000000000013");
        assertThat(services.active()).isZero();
    }
}
