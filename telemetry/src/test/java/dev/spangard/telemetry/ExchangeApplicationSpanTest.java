// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static dev.spangard.telemetry.Requests.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the application did with the span of its request. */
final class ExchangeApplicationSpanTest {
    private static final long MS = 1_000_000;
    private final Collector collector = new Collector();

    @Test
    void letsTheApplicationHaveTheLastWord() {
        SpanContext linked = SpanContext.create(
                "0af7651916cd43dd8448eb211c80319c",
                "b7ad6b7169203331",
                TraceFlags.getSampled(),
                TraceState.getDefault());
        Exchange exchange = collector.plain(500);
        exchange.route("/r");
        exchange.application(new ApplicationSpan(
                "renamed",
                Attributes.builder().put("http.route", "mine").put("item", 5).build(),
                List.of(
                        new ApplicationSpan.Event("dated", START + MS, Attributes.of(AttributeKey.longKey("n"), 1L)),
                        new ApplicationSpan.Event("undated", null, Attributes.empty())),
                StatusCode.ERROR,
                "sold out",
                List.of(new ApplicationSpan.Link(linked, Attributes.empty()))));
        end(exchange, START + 20 * MS);

        SpanData span = collector.span();
        assertThat(span.getName()).isEqualTo("renamed");
        assertThat(span.getStatus().getDescription()).isEqualTo("sold out");
        assertThat(attribute("http.route")).isEqualTo("mine");
        assertThat(span.getEvents().get(0).getEpochNanos()).isEqualTo(START + MS);
        assertThat(span.getEvents().get(1).getEpochNanos()).isEqualTo(START + 20 * MS);
        assertThat(span.getLinks().getFirst().getSpanContext()).isEqualTo(linked);
    }

    @Test
    void leavesAnOkFromTheApplicationAlone() {
        Exchange exchange = collector.plain(500);
        exchange.application(new ApplicationSpan(null, Attributes.empty(), List.of(), StatusCode.OK, null, List.of()));
        end(exchange, START);

        assertThat(collector.span().getStatus().getStatusCode()).isEqualTo(StatusCode.OK);
        assertThat(collector.span().getName()).isEqualTo("GET");
        assertThat(attribute("error.type")).isEqualTo("500");
    }

    private @Nullable Object attribute(String name) {
        return collector.attribute(name);
    }
}
