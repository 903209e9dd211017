// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static dev.spangard.telemetry.Requests.answer;
import static dev.spangard.telemetry.Requests.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.SpanData;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Exchanges whose span is started before the application runs. */
final class OpenedExchangeTest {
    private static final long MS = 1_000_000;
    private final Collector collector = new Collector();

    @Test
    void makesTheSameSpanWhenDrivenLive() {
        Exchange recorded = collector.plain(200);
        recorded.route("/r");
        end(recorded, START + 20 * MS);
        SpanData expected = collector.span();
        collector.spans.reset();

        Exchange live = collector.telemetry.exchange(Requests.get(), START);
        Context inside = live.open(Context.root());
        assertThat(Span.fromContext(inside).getSpanContext().isValid()).isTrue();
        answer(live.conversation(), 200);
        live.route("/r");
        live.close(START + 20 * MS);

        SpanData span = collector.span();
        assertThat(span.getSpanId())
                .isEqualTo(Span.fromContext(inside).getSpanContext().getSpanId());
        assertThat(span.getName()).isEqualTo(expected.getName());
        assertThat(span.getAttributes()).isEqualTo(expected.getAttributes());
        assertThat(span.getEndEpochNanos()).isEqualTo(expected.getEndEpochNanos());
    }

    @Test
    void leavesTheNameToTheApplicationOnceTheRouteIsTold() {
        Exchange live = collector.telemetry.exchange(Requests.get(), START);
        Context inside = live.open(Context.root());
        live.route("/r");
        Span.fromContext(inside).updateName("checkout");
        live.close(START);

        assertThat(collector.span().getName()).isEqualTo("checkout");
        assertThat(attribute("http.route")).isEqualTo("/r");
    }

    @Test
    void isActiveFromOpenToClose() {
        Attributes series = Attributes.builder()
                .put("http.request.method", "GET")
                .put("url.scheme", "http")
                .build();
        Exchange live = collector.telemetry.exchange(Requests.get(), START);
        live.open(Context.root());
        assertThat(collector.active(series)).isEqualTo(1);
        live.close(START);
        assertThat(collector.active(series)).isZero();
    }

    private @Nullable Object attribute(String name) {
        return collector.attribute(name);
    }
}
