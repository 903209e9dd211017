// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.semconv.HttpAttributes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of records, as Python wrote them and as it would not; who may send them is {@link IntakeTest}'s. */
final class RecordsTest {
    private static final long NOW = 1_800_000_000_000_000_000L;

    private final Path socket;
    private final Ledger ledger;
    private final FakeServiceProvider services;
    private final Intake intake;

    RecordsTest(@TempDir Path directory) throws IOException {
        socket = directory.resolve("run/engine.sock");
        ledger = Ledger.open(socket);
        services = new FakeServiceProvider(ledger);
        intake = Intake.open(IntakeOptions.at(socket), ledger, services.ids, services, () -> NOW);
    }

    @AfterEach
    void close() throws IOException {
        intake.close();
        ledger.close();
    }

    @Test
    void readsWhatEveryBatchOfPythonSays() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            for (String batch : Golden.BATCHES) {
                recorder.send(Golden.frame(batch));
            }
            recorder.send(Frames.goodbye(9, 0));
            awaitLeft();
        }

        assertThat(intake.counters().malformedRecords()).isZero();
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isZero();
        assertThat(intake.counters().lostEventParts()).isZero();
        // http, websocket, event_part, failure, summed; and four unsampled
        assertThat(services.spans.getFinishedSpanItems()).hasSize(5);
        assertThat(services.accounts.received()).isEqualTo(9);
        assertThat(services.accounts.measured()).isEqualTo(4);
        assertThat(services.measured("http.server.request.duration")).isEqualTo(6);
        assertThat(services.measured("spangard.websocket.duration")).isEqualTo(3);
        assertThat(services.active()).isZero();
    }

    @Test
    void tellsAGoodEndFromABadOne() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Golden.frame("ends"));
            recorder.send(Frames.goodbye(4, 0));
            awaitLeft();
        }

        assertThat(intake.counters().malformedRecords()).isZero();
        List<SpanData> spans = services.spans.getFinishedSpanItems();
        assertThat(spans).hasSize(2);
        assertThat(spans).allSatisfy(span -> assertThat(span.getStatus()).isEqualTo(StatusData.unset()));
        assertThat(spans.get(0).getEndEpochNanos()).isEqualTo(1_699_999_999_125_000_000L);
        assertThat(spans.get(1).getAttributes().get(HttpAttributes.HTTP_RESPONSE_STATUS_CODE))
                .isEqualTo(403L);
        assertThat(services.accounts.measured()).isEqualTo(2);
        assertThat(services.measured("http.server.request.duration")).isEqualTo(3);
        assertThat(services.measured("spangard.websocket.duration")).isEqualTo(1);
    }

    @Test
    void makesTheSpansOfTheUpstreamProfile() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Golden.frame("upstream"));
            recorder.send(Frames.goodbye(3, 0));
            awaitLeft();
        }

        assertThat(intake.counters().malformedRecords()).isZero();
        List<SpanData> spans = services.spans.getFinishedSpanItems();
        assertThat(spans)
                .extracting(SpanData::getName)
                .containsExactly(
                        "GET /items/5 http send",
                        "GET /items/5 http receive",
                        "GET /items/5 http send",
                        "GET /items/5 http send",
                        "GET /items/5",
                        "GET /items/5 http receive",
                        "room websocket receive",
                        "room websocket send",
                        "room websocket send",
                        "room websocket receive",
                        "room");
        SpanData request = spans.get(4);
        assertThat(request.getTraceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        assertThat(request.getSpanId()).isEqualTo("b9c7c989f97918e1");
        assertThat(request.getParentSpanContext().isRemote()).isTrue();
        assertThat(request.getEndEpochNanos()).isEqualTo(1_699_999_999_187_500_000L);
        assertThat(List.of(spans.get(0), spans.get(1), spans.get(2), spans.get(3), spans.get(5)))
                .allSatisfy(child -> assertThat(child.getParentSpanId()).isEqualTo(request.getSpanId()))
                .extracting(SpanData::getSpanId)
                .doesNotHaveDuplicates()
                .doesNotContain(request.getSpanId());
        assertThat(spans.get(6).getSpanId()).isEqualTo("000000000000004d");
        assertThat(spans.get(6).getAttributes().asMap().values()).contains(true, 200L, "websocket.receive");
        assertThat(spans.get(7).getParentSpanId()).isEqualTo("000000000000004e");
        assertThat(spans.get(8).getParentSpanContext().isValid()).isFalse();
        assertThat(spans.get(8).getTraceId()).isEqualTo("0af7651916cd43dd8448eb211c80319d");
        assertThat(spans.get(9).getStatus().getDescription()).isEqualTo("OSError: gone");
        SpanData room = spans.get(10);
        assertThat(room.getKind()).isEqualTo(SpanKind.INTERNAL);
        assertThat(room.getParentSpanId()).isEqualTo("b7ad6b7169203331");
        assertThat(room.getSpanContext().getTraceState().get("vendor")).isEqualTo("1");
        assertThat(room.getStatus().getDescription()).isEqualTo("OutOfStock: nothing left");
        assertThat(services.measured("http.server.duration")).isEqualTo(2);
        assertThat(services.accounts.received()).isEqualTo(3);
        assertThat(services.accounts.measured()).isEqualTo(1);
    }

    @Test
    void tellsOfAnUpstreamRequestWhoseProcessDied() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Golden.frame("upstream_open"));
        }
        awaitLeft();

        SpanData span = services.spans.getFinishedSpanItems().getFirst();
        assertThat(span.getName()).isEqualTo("GET /items/5");
        assertThat(span.getEndEpochNanos()).isEqualTo(NOW);
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(services.active()).isZero();
    }

    @Test
    void knowsAWebSocketByItsSums() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Golden.frame("summed"));
            recorder.send(Frames.goodbye(1, 0));
            awaitLeft();
        }

        assertThat(services.spans
                        .getFinishedSpanItems()
                        .getFirst()
                        .getAttributes()
                        .asMap())
                .containsAllEntriesOf(Attributes.builder()
                        .put("http.response.status_code", 101)
                        .put("error.type", "1011")
                        .put("spangard.websocket.messages.received", 2)
                        .put("spangard.websocket.bytes.received", 10)
                        .put("spangard.websocket.messages.sent", 1)
                        .put("spangard.websocket.bytes.sent", 13)
                        .put("spangard.websocket.close.code", 1011)
                        .put("spangard.websocket.close.by", "application")
                        .build()
                        .asMap());
    }

    @Test
    void losesOnlyTheMalformedRecordOfABatch() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Frames.batch(
                    4,
                    0,
                    Frames.http(0x11),
                    Frames.malformed(),
                    out -> out.tuple(1).integer(99),
                    Frames.http(0x12)));
            recorder.send(Frames.goodbye(3, 0));
            awaitLeft();
        }

        assertThat(services.spans.getFinishedSpanItems()).hasSize(2);
        assertThat(intake.counters().malformedRecords()).isEqualTo(2);
        assertThat(intake.counters().turned(RejectReason.MALFORMED)).isZero();
        assertThat(services.accounts.dropped(DropReason.MALFORMED)).isEqualTo(1);
    }

    @Test
    void leavesOutOddValuesAndNothingElseOfTheirRecords() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Golden.frame("odd"));
            recorder.send(Frames.goodbye(5, 0));
            awaitLeft();
        }

        assertThat(intake.counters().malformedRecords()).isZero();
        assertThat(services.accounts.received()).isEqualTo(3);
        assertThat(services.accounts.measured()).isEqualTo(1);
        SpanData span = services.spans.getFinishedSpanItems().getFirst();
        assertThat(span.getAttributes().asMap())
                .containsAllEntriesOf(Attributes.builder()
                        .put("kept", 1)
                        .put("url.path", "/items/5")
                        .build()
                        .asMap())
                .doesNotContainKeys(AttributeKey.stringKey("url.query"), AttributeKey.stringKey("client.address"));
        assertThat(span.getEvents()).extracting(EventData::getName).containsExactly("float", "text", "kept");
        assertThat(span.getEvents().getLast().getEpochNanos()).isEqualTo(1_700_000_000_000_000_000L);
        assertThat(span.getLinks()).hasSize(1);
        assertThat(span.getLinks().getFirst().getAttributes())
                .isEqualTo(Attributes.of(AttributeKey.stringKey("why"), "retry"));
    }

    @Test
    void countsARecordThatCouldNotBeWrittenAndTellsOfNoRequestTwice() throws Exception {
        try (Recorder recorder = Recorder.welcomed(socket, 1)) {
            recorder.send(Golden.frame("lost"));
        }
        awaitLeft();

        assertThat(intake.counters().malformedRecords()).isEqualTo(4);
        assertThat(services.accounts.dropped(DropReason.MALFORMED)).isEqualTo(4);
        assertThat(services.accounts.received()).isEqualTo(4);
        assertThat(services.spans.getFinishedSpanItems())
                .as("nobody died who was told of as finished")
                .isEmpty();
        assertThat(services.active()).isZero();
    }

    private void awaitLeft() throws InterruptedException {
        assertThat(services.left.poll(20, TimeUnit.SECONDS)).isNotNull();
    }
}
