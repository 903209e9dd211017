// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static dev.spangard.telemetry.Requests.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ExchangeTest {
    private static final long MS = 1_000_000;
    private final Collector collector = new Collector();

    @Test
    void tellsAllOfAPlainRequest() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        Conversation said = exchange.conversation();
        said.requestBody(3);
        said.responseStarted();
        said.status(200);
        said.responseBody(START + 10 * MS, 17, true);
        said.responseTaken(START + 12 * MS);
        exchange.route("/items/{item_id}");
        exchange.responseHeaders(List.of("Content-Type", "text/plain"));
        exchange.end(Context.root(), START + 50 * MS);

        SpanData span = collector.span();
        assertThat(span.getName()).isEqualTo("GET /items/{item_id}");
        assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(span.getStartEpochNanos()).isEqualTo(START);
        assertThat(span.getEndEpochNanos()).isEqualTo(START + 12 * MS);
        assertThat(span.getParentSpanContext().isValid()).isFalse();
        assertThat(span.getInstrumentationScopeInfo().getSchemaUrl())
                .isEqualTo("https://opentelemetry.io/schemas/1.45.0");
        assertThat(span.getAttributes().asMap())
                .isEqualTo(Attributes.builder()
                        .put("http.request.method", "GET")
                        .put("url.scheme", "http")
                        .put("url.path", "/items/5")
                        .put("url.query", "q=1")
                        .put("server.address", "example.org")
                        .put("server.port", 8000)
                        .put("client.address", "127.0.0.1")
                        .put("network.peer.address", "127.0.0.1")
                        .put("network.peer.port", 51234)
                        .put("network.protocol.version", "1.1")
                        .put("user_agent.original", "curl/8.5.0")
                        .put("http.route", "/items/{item_id}")
                        .put("http.response.status_code", 200)
                        .put(AttributeKey.stringArrayKey("http.request.header.x-team"), "a", "b")
                        .put(AttributeKey.stringArrayKey("http.request.header.accept"), "*/*")
                        .put(AttributeKey.stringArrayKey("http.response.header.content-type"), "text/plain")
                        .put("http.request.body.size", 3)
                        .put("http.response.body.size", 17)
                        .put("spangard.response.time_to_first_byte", 0.010)
                        .put("spangard.background_time", 0.038)
                        .build()
                        .asMap());
    }

    /** The server has taken a part of it: its time is not the response's. */
    @Test
    void lastsUntilTheApplicationReturnsWhereOnlyAPartOfTheResponseWasTaken() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        Conversation said = exchange.conversation();
        said.responseStarted();
        said.status(200);
        said.responseBody(START + 10 * MS, 17, false);
        said.responseTaken(START + 12 * MS);
        exchange.end(Context.root(), START + 50 * MS);

        assertThat(collector.span().getEndEpochNanos()).isEqualTo(START + 50 * MS);
    }

    @Test
    void neverEndsBeforeItBegins() {
        end(collector.telemetry.exchange(Requests.get(), START), START - 5 * MS);

        assertThat(collector.span().getEndEpochNanos()).isEqualTo(START);
        assertThat(collector.duration().getSum()).isZero();
    }

    @Test
    void tellsOfBackgroundWorkFromAMillisecondOn() {
        end(collector.plain(200), START + 12 * MS + StableSpanWriter.BACKGROUND_FROM_NANOS - 1);
        assertThat(attribute("spangard.background_time")).isNull();
        collector.spans.reset();

        end(collector.plain(200), START + 12 * MS + StableSpanWriter.BACKGROUND_FROM_NANOS);
        assertThat(attribute("spangard.background_time")).isEqualTo(0.001);
    }

    @Test
    void namesTheSpanByMethodAloneWithoutARoute() {
        end(collector.plain(404), START);

        assertThat(collector.span().getName()).isEqualTo("GET");
        assertThat(collector.span().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    }

    @Test
    void keepsUnknownMethodsOutOfNamesAndMetrics() {
        Exchange exchange = collector.telemetry.exchange(Requests.method("get\u0000"), START);
        exchange.route("/r");
        end(exchange, START);

        assertThat(collector.span().getName()).isEqualTo("HTTP /r");
        assertThat(attribute("http.request.method")).isEqualTo("_OTHER");
        assertThat(attribute("http.request.method_original")).isEqualTo("get\u0000");
    }

    @Test
    void cutsTextAtTheLimit() {
        Collector small = new Collector(new TelemetryOptions(
                TelemetryOptions.DEFAULT_KNOWN_METHODS,
                TelemetryOptions.DEFAULT_SENSITIVE_QUERY_PARAMETERS,
                5,
                true,
                TrustedProxies.NONE,
                Set.of(),
                ExceptionSignal.SPAN_EVENTS,
                0));
        Exchange exchange = small.telemetry.exchange(Requests.query("1234😀"), START);
        exchange.end(Context.root(), START);

        Attributes attributes = small.span().getAttributes();
        assertThat(attributes.get(AttributeKey.stringKey("url.query"))).isEqualTo("1234");
        assertThat(attributes.get(AttributeKey.stringKey("url.path"))).isEqualTo("/item");
        assertThat(attributes.get(AttributeKey.longKey("process.pid"))).isEqualTo(4711);
    }

    @Test
    void keepsTheEndOfAStackTrace() {
        String trace = "Traceback\n" + "  line\n".repeat(2000) + "ValueError: here";
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.failed(new Failure("ValueError", "here", trace, false));
        end(exchange, START);

        String kept = collector
                .span()
                .getEvents()
                .getFirst()
                .getAttributes()
                .get(AttributeKey.stringKey("exception.stacktrace"));
        assertThat(kept).hasSize(4096).startsWith("Traceback\n").endsWith("ValueError: here");
    }

    @Test
    void belongsToItsParent() {
        SpanContext remote = SpanContext.createFromRemoteParent(
                "0af7651916cd43dd8448eb211c80319c",
                "b7ad6b7169203331",
                TraceFlags.getSampled(),
                TraceState.getDefault());
        collector.plain(200).end(Context.root().with(Span.wrap(remote)), START);

        assertThat(collector.span().getParentSpanContext()).isEqualTo(remote);
        assertThat(collector.span().getTraceId()).isEqualTo(remote.getTraceId());
    }

    private @Nullable Object attribute(String name) {
        return collector.attribute(name);
    }
}
