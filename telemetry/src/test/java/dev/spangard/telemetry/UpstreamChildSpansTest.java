// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.telemetry.ChildSpan.Direction;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The spans of single messages in the {@code upstream} profile. */
final class UpstreamChildSpansTest extends UpstreamCollector {
    @Test
    void makesAChildPerMessageInTheOrderInWhichTheyEnded() {
        ended(
                SemconvMode.OLD,
                PLAIN,
                result(UpstreamStatus.of(500), null, null),
                ChildSpan.plain(Direction.RECEIVE, "http.request", null, START, START + MS),
                ChildSpan.plain(Direction.SEND, "http.response.start", UpstreamStatus.of(500), START + 2, START + 2),
                ChildSpan.plain(Direction.RECEIVE, null, null, START + 3, START + 30 * MS));

        List<SpanData> made = spans.getFinishedSpanItems();
        assertThat(made)
                .extracting(SpanData::getName)
                .containsExactly(
                        "GET /items/5 http receive",
                        "GET /items/5 http send",
                        "GET /items/5",
                        "GET /items/5 http receive");
        SpanData request = made.get(2);
        assertThat(List.of(made.get(0), made.get(1), made.get(3)))
                .allSatisfy(child -> assertThat(child.getParentSpanContext()).isEqualTo(request.getSpanContext()))
                .allSatisfy(child -> assertThat(child.getKind()).isEqualTo(SpanKind.INTERNAL));
        assertThat(map(made.get(0).getAttributes())).isEqualTo(Map.of("asgi.event.type", "http.request"));
        assertThat(map(made.get(1).getAttributes()))
                .isEqualTo(Map.of("asgi.event.type", "http.response.start", "http.status_code", 500L));
        assertThat(made.get(1).getStatus()).isEqualTo(StatusData.error());
        assertThat(made.get(3).getAttributes().isEmpty()).isTrue();
    }

    @Test
    void hangsAChildBelowTheSpanItNames() {
        SpanContext above = SpanContext.create(
                "0af7651916cd43dd8448eb211c80319c",
                "b7ad6b7169203331",
                TraceFlags.getSampled(),
                TraceState.getDefault());

        ended(
                SemconvMode.OLD,
                PLAIN,
                result(UpstreamStatus.of(200), null, null),
                new ChildSpan(Direction.SEND, "x", null, START, START, 0, above, 0, 0, null, null));

        SpanData child = spans.getFinishedSpanItems().getFirst();
        assertThat(child.getParentSpanContext()).isEqualTo(above);
        assertThat(child.getTraceId()).isEqualTo(above.getTraceId());
    }
}
