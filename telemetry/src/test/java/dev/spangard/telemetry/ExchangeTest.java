// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static dev.spangard.telemetry.Requests.answer;
import static dev.spangard.telemetry.Requests.end;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
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
    void knowsNoPeerBehindAnAddressThatAProxyTold() {
        end(collector.telemetry.exchange(Requests.client(new Address("192.0.2.7", 0)), START), START);
        assertThat(attribute("client.address")).isEqualTo("192.0.2.7");
        assertThat(attribute("network.peer.address")).isNull();
        assertThat(attribute("network.peer.port")).isNull();
    }

    @Test
    void hasAUnixSocketForAPeer() {
        end(collector.telemetry.exchange(Requests.client(new Address("/run/web.sock", Address.NO_PORT)), START), START);
        assertThat(attribute("network.peer.address")).isEqualTo("/run/web.sock");
        assertThat(attribute("network.peer.port")).isNull();
    }

    @Test
    void measuresTheSameDurationAsTheSpans() {
        end(collector.plain(200), START + 50 * MS);

        HistogramPointData duration = collector.duration();
        assertThat(duration.getSum()).isEqualTo(0.012);
        assertThat(duration.getCount()).isEqualTo(1);
        assertThat(duration.getBoundaries())
                .containsExactly(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0);
        assertThat(duration.getAttributes())
                .isEqualTo(Attributes.builder()
                        .put("http.request.method", "GET")
                        .put("url.scheme", "http")
                        .put("http.response.status_code", 200)
                        .put("network.protocol.version", "1.1")
                        .build());
        assertThat(collector
                        .histogram("http.server.request.body.size")
                        .getFirst()
                        .getSum())
                .isEqualTo(3);
        assertThat(collector
                        .histogram("http.server.response.body.size")
                        .getFirst()
                        .getSum())
                .isEqualTo(17);
    }

    @Test
    void keepsAnExemplarOfASampledRequestOnly() {
        end(collector.plain(200), START + 50 * MS);
        collector.plain(200).endUnsampled(START + 50 * MS);

        SpanData span = collector.span();
        HistogramPointData duration = collector.duration();
        assertThat(duration.getCount()).isEqualTo(2);
        assertThat(duration.getExemplars())
                .singleElement()
                .extracting(exemplar -> exemplar.getSpanContext().getSpanId())
                .isEqualTo(span.getSpanId());
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
    void measuresSchemesThatNobodyKnowsAsOne() {
        for (String scheme : List.of("gopher", "x-1", "x-2")) {
            end(collector.telemetry.exchange(Requests.host(scheme, "example.org", null), START), START);
        }
        assertThat(collector.duration().getAttributes().get(AttributeKey.stringKey("url.scheme")))
                .isEqualTo("_OTHER");
        assertThat(collector.spans.getFinishedSpanItems())
                .extracting(span -> span.getAttributes().get(AttributeKey.stringKey("url.scheme")))
                .containsExactly("gopher", "x-1", "x-2");
    }

    @Test
    void namesTheSpanByMethodAloneWithoutARoute() {
        end(collector.plain(404), START);

        assertThat(collector.span().getName()).isEqualTo("GET");
        assertThat(collector.span().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    }

    @Test
    void neverEndsBeforeItBegins() {
        end(collector.telemetry.exchange(Requests.get(), START), START - 5 * MS);

        assertThat(collector.span().getEndEpochNanos()).isEqualTo(START);
        assertThat(collector.duration().getSum()).isZero();
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
    void takesHostFromItsHeaderElseFromTheServer() {
        assertThat(server("https", "example.org", null)).isEqualTo("example.org 443");
        assertThat(server("http", "[::1]:8000", null)).isEqualTo("::1 8000");
        assertThat(server("wss", "[2001:db8::1]", null)).isEqualTo("2001:db8::1 443");
        assertThat(server("http", "a:b:c", new Address("10.0.0.1", 80))).isEqualTo("10.0.0.1 80");
        assertThat(server("http", "a:99999", new Address("10.0.0.1", 80))).isEqualTo("10.0.0.1 80");
        assertThat(server("http", "a:", new Address("10.0.0.1", 80))).isEqualTo("10.0.0.1 80");
        assertThat(server("http", "[::1", new Address("10.0.0.1", 80))).isEqualTo("10.0.0.1 80");
        assertThat(server("http", "bad host\r\n", new Address("10.0.0.1", 80))).isEqualTo("10.0.0.1 80");
        assertThat(server("http", "", new Address("/run/app.sock", Address.NO_PORT)))
                .isEqualTo("/run/app.sock null");
        assertThat(server("http", "", null)).isEqualTo("null null");
        assertThat(server("http", ":80", null)).isEqualTo("null null");
    }

    @Test
    void hidesSecretsInTheQueryAndNothingElse() {
        assertThat(query("a=1&sig=abc%26&b=&Signature=x=y&c")).isEqualTo("a=1&sig=REDACTED&b=&Signature=REDACTED&c");
        assertThat(query("%73ig=abc")).isEqualTo("%73ig=REDACTED");
        assertThat(query("SIG=abc&sig&&=&xsig=1")).isEqualTo("SIG=abc&sig&&=&xsig=1");
        assertThat(query("X-Amz-Credential=A&X-Amz-Security-Token=B&X-Amz-Signature=C&X-Goog-Signature=D"
                        + "&AWSAccessKeyId=E"))
                .isEqualTo("X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&X-Amz-Signature=REDACTED"
                        + "&X-Goog-Signature=REDACTED&AWSAccessKeyId=REDACTED");
        assertThat(query("%zz=1&%7=2&+sig=3&sig=")).isEqualTo("%zz=1&%7=2&+sig=3&sig=REDACTED");
    }

    @Test
    void takesThePathOfATargetInAbsoluteForm() {
        assertThat(path("http://user:secret@example.org/a?//b")).isEqualTo("/a?//b");
        assertThat(path("http://user:secret@example.org")).isEqualTo("/");
        assertThat(path("/a/http://b")).isEqualTo("/a/http://b");
        assertThat(path("*")).isEqualTo("*");
        assertThat(path("")).isEqualTo("/");
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

    @Test
    void countsAnActiveRequestUntilItEnds() {
        Attributes series = Attributes.builder()
                .put("http.request.method", "GET")
                .put("url.scheme", "http")
                .build();
        Exchange exchange = collector.plain(200);
        exchange.activate();
        exchange.activate();
        assertThat(collector.active(series)).isEqualTo(1);

        end(exchange, START);
        assertThat(collector.active(series)).isZero();
    }

    @Test
    void showsTheActiveSeriesForShortRequestsToo() {
        end(collector.plain(200), START);

        assertThat(collector.active(Attributes.builder()
                        .put("http.request.method", "GET")
                        .put("url.scheme", "http")
                        .build()))
                .isZero();
    }

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

    @Test
    void keepsSeriesApartByRouteStatusAndError() {
        for (String route : List.of("/a", "/b")) {
            for (int status : new int[] {200, 500}) {
                for (int times = 0; times < 3; times++) {
                    Exchange exchange = collector.plain(status);
                    exchange.route(route);
                    end(exchange, START);
                }
            }
        }

        assertThat(collector.histogram("http.server.request.duration"))
                .hasSize(4)
                .allSatisfy(point -> assertThat(point.getCount()).isEqualTo(3))
                .allSatisfy(point -> assertThat(point.getSum()).isCloseTo(0.036, within(1e-12)));
    }

    private @Nullable Object attribute(String name) {
        return collector.attribute(name);
    }

    private String server(String scheme, String host, @Nullable Address server) {
        collector.spans.reset();
        end(collector.telemetry.exchange(Requests.host(scheme, host, server), START), START);
        return attribute("server.address") + " " + attribute("server.port");
    }

    private String path(String path) {
        collector.spans.reset();
        end(collector.telemetry.exchange(Requests.path(path), START), START);
        return String.valueOf(attribute("url.path"));
    }

    private String query(String query) {
        collector.spans.reset();
        end(collector.telemetry.exchange(Requests.query(query), START), START);
        return String.valueOf(attribute("url.query"));
    }
}
