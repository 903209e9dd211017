// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.telemetry.ChildSpan.Direction;
import dev.spangard.telemetry.UpstreamRequest.Endpoint;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expectations are what version 0.66b2 of the Python package exports for the same scope and messages. */
final class UpstreamExchangeTest {
    private static final long MS = 1_000_000;
    private static final SpanIds NO_IDS = (high, low, span) -> {};
    private static final Endpoint SERVER = new Endpoint("127.0.0.1", "8000");
    private static final Endpoint CLIENT = new Endpoint("192.0.2.7", "50123");

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
    private final OpenTelemetrySdk otel = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                    .build())
            .setMeterProvider(
                    SdkMeterProvider.builder().registerMetricReader(metrics).build())
            .build();

    private UpstreamTelemetry telemetry(SemconvMode mode) {
        return UpstreamTelemetry.create(
                otel, otel.getTracerProvider(), mode, false, TelemetryOptions.DEFAULTS, SeriesLimit.NONE);
    }

    private static UpstreamRequest get(String path, String query, Endpoint server, String host) {
        return request("GET", path, query, server, host, Attributes.empty());
    }

    private static UpstreamRequest request(
            @Nullable String method, String path, String query, Endpoint server, String host, Attributes details) {
        return new UpstreamRequest(
                Request.Kind.HTTP,
                false,
                null,
                details,
                method,
                "http",
                "1.1",
                path,
                query,
                server,
                CLIENT,
                host,
                host,
                "curl/8.5",
                List.of("X-Team", "a", "x_team", "b"),
                0);
    }

    private static final UpstreamRequest PLAIN = get("/items/5", "q=1", SERVER, "shop.example");

    private static UpstreamResult result(
            @Nullable UpstreamStatus status, @Nullable Failure failure, @Nullable ApplicationSpan application) {
        long ended = failure == null ? START + 20 * MS : 0;
        return new UpstreamResult(
                ended, START + 120 * MS, null, status, 5, 11, List.of(), failure, false, false, null, application);
    }

    private SpanData ended(SemconvMode mode, UpstreamRequest request, UpstreamResult result, ChildSpan... children) {
        telemetry(mode).exchange(request, START).end(Context.root(), result, List.of(children), NO_IDS);
        return spans.getFinishedSpanItems().stream()
                .filter(span -> !span.getParentSpanContext().isValid())
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, Object> map(Attributes attributes) {
        Map<String, Object> map = new TreeMap<>();
        attributes.forEach((key, value) -> map.put(key.getKey(), value));
        return map;
    }

    @Test
    void tellsTheOldNames() {
        SpanData span = ended(SemconvMode.OLD, PLAIN, result(UpstreamStatus.of(200), null, null));

        assertThat(map(span.getAttributes()))
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("http.scheme", "http"),
                        Map.entry("http.host", "127.0.0.1:8000"),
                        Map.entry("net.host.port", 8000L),
                        Map.entry("http.flavor", "1.1"),
                        Map.entry("http.target", "/items/5"),
                        Map.entry("http.url", "http://shop.example/items/5?q=1"),
                        Map.entry("http.method", "GET"),
                        Map.entry("http.server_name", "shop.example"),
                        Map.entry("http.user_agent", "curl/8.5"),
                        Map.entry("net.peer.ip", "192.0.2.7"),
                        Map.entry("net.peer.port", 50123L),
                        Map.entry("http.request.header.x_team", List.of("a", "b")),
                        Map.entry("http.status_code", 200L)));
        assertThat(span.getName()).isEqualTo("GET /items/5");
        assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(span.getStatus()).isEqualTo(StatusData.unset());
        assertThat(span.getEndEpochNanos()).isEqualTo(START + 20 * MS);
        assertThat(span.getInstrumentationScopeInfo().getName()).isEqualTo("opentelemetry.instrumentation.asgi");
        assertThat(span.getInstrumentationScopeInfo().getSchemaUrl())
                .isEqualTo("https://opentelemetry.io/schemas/1.11.0");
    }

    @Test
    void tellsTheStableNamesWithTheirOddities() {
        SpanData span = ended(SemconvMode.STABLE, PLAIN, result(UpstreamStatus.of(503), null, null));

        assertThat(map(span.getAttributes()))
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("url.scheme", "http"),
                        Map.entry("server.address", "127.0.0.1:8000"),
                        Map.entry("server.port", 8000L),
                        Map.entry("network.protocol.version", "1.1"),
                        Map.entry("url.path", "/items/5"),
                        Map.entry("url.query", "q=1"),
                        Map.entry("http.request.method", "GET"),
                        Map.entry("user_agent.original", "curl/8.5"),
                        Map.entry("client.address", "192.0.2.7"),
                        Map.entry("client.port", 50123L),
                        Map.entry("http.request.header.x_team", List.of("a", "b")),
                        Map.entry("http.response.status_code", 503L),
                        Map.entry("error.type", "503")));
        assertThat(span.getStatus()).isEqualTo(StatusData.error());
        assertThat(span.getInstrumentationScopeInfo().getSchemaUrl())
                .isEqualTo("https://opentelemetry.io/schemas/1.21.0");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /a, GET /a, GET, ",
        "get, /a, GET /a, GET, get",
        "' get ', /a, GET /a, _OTHER, get",
        "Foo, /a, HTTP /a, _OTHER, Foo",
        "GET, '', GET, GET, ",
        ", /ws, HTTP /ws, , ",
    })
    void namesSpansByMethodAndPath(
            @Nullable String method, String path, String name, @Nullable String known, @Nullable String original) {
        UpstreamRequest request = request(method, path, "", SERVER, "a", Attributes.empty());

        SpanData span = ended(SemconvMode.BOTH, request, result(null, null, null));

        assertThat(span.getName()).isEqualTo(name);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("http.request.method")))
                .isEqualTo(known);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("http.method")))
                .isEqualTo(known);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("http.request.method_original")))
                .isEqualTo(original);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 80, 127.0.0.1, 80",
        "a, 443, a:443, 443",
        "/run/a.sock, None, /run/a.sock:None, ",
        "::1, 8000, ::1:8000, 8000",
    })
    void tellsWhereTheServerListens(String host, String port, String address, @Nullable Long portTold) {
        SpanData span = ended(
                SemconvMode.OLD,
                get("/", "", new Endpoint(host, port), "x"),
                result(UpstreamStatus.of(200), null, null));

        assertThat(span.getAttributes().get(AttributeKey.stringKey("http.host")))
                .isEqualTo(address);
        assertThat(span.getAttributes().get(AttributeKey.longKey("net.host.port")))
                .isEqualTo(portTold);
    }

    @ParameterizedTest
    @CsvSource({
        "user:secret@127.0.0.1, 8000, REDACTED:REDACTED@127.0.0.1:8000",
        "secret@h, 80, REDACTED:REDACTED@h",
        "/run/at@home.sock, None, /run/at@home.sock:None",
        "@abstract, None, @abstract:None",
    })
    void showsNoCredentialsOfWhereTheServerListens(String host, String port, String address) {
        SpanData span = ended(SemconvMode.BOTH, get("/p", "", new Endpoint(host, port), ""), result(null, null, null));

        assertThat(map(span.getAttributes()))
                .containsEntry("http.host", address)
                .containsEntry("server.address", address)
                .containsEntry("http.url", "http://" + address + "/p");
        assertThat(span.getAttributes().toString()).doesNotContain("secret");
    }

    @ParameterizedTest
    @CsvSource({
        "host, a=b%20c, http://host/p?a=b c",
        "host, a=%C3%A9+%ff%zz, http://host/p?a=é+\uFFFD%zz",
        "'', a, http://127.0.0.1:8000/p?a",
        "user:secret@host, '', http://REDACTED:REDACTED@host/p",
        "host, sig=secret&b=, http://host/p?sig=REDACTED&b=",
        "host, a=1%26sig=secret, http://host/p?a=1&sig=REDACTED",
    })
    void showsTheUrlDecodedAndNoSecretOfIt(String host, String query, String url) {
        SpanData span = ended(SemconvMode.OLD, get("/p", query, SERVER, host), result(null, null, null));

        assertThat(span.getAttributes().get(AttributeKey.stringKey("http.url"))).isEqualTo(url);
        assertThat(span.getAttributes().toString()).doesNotContain("secret");
    }

    @Test
    void judgesAStatusThatIsNoNumber() {
        SpanData span = ended(SemconvMode.STABLE, PLAIN, result(UpstreamStatus.of("abc"), null, null));

        assertThat(span.getStatus()).isEqualTo(StatusData.create(StatusCode.ERROR, "Non-integer HTTP status: abc"));
        assertThat(map(span.getAttributes()))
                .containsEntry("error.type", "abc")
                .doesNotContainKey("http.response.status_code");
    }

    @ParameterizedTest
    @CsvSource({"GET, 200, 11", "HEAD, 200, 0", "GET, 204, 0", "GET, 304, 0", "GET, 199, 0"})
    void measuresNoBodyWhereNoneIsTransferred(String method, int status, double bytes) {
        UpstreamRequest request = new UpstreamRequest(
                PLAIN.kind(),
                false,
                null,
                Attributes.empty(),
                method,
                "http",
                "1.1",
                "/",
                "",
                SERVER,
                CLIENT,
                "",
                null,
                "",
                List.of(),
                0);

        telemetry(SemconvMode.BOTH)
                .exchange(request, START)
                .endUnsampled(result(UpstreamStatus.of(status), null, null));

        assertThat(List.of("http.server.response.size", "http.server.response.body.size"))
                .allSatisfy(name -> assertThat(metric(name)
                                .getHistogramData()
                                .getPoints()
                                .iterator()
                                .next()
                                .getSum())
                        .isEqualTo(bytes));
    }

    @Test
    void tellsAnExceptionAsThePythonSdkDoes() {
        Failure failure = new Failure("shop.errors.Sold", "out", "Traceback …", false);

        SpanData span = ended(SemconvMode.STABLE, PLAIN, result(null, failure, null));

        assertThat(span.getStatus()).isEqualTo(StatusData.create(StatusCode.ERROR, "Sold: out"));
        assertThat(map(span.getEvents().getFirst().getAttributes()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "exception.type", "shop.errors.Sold",
                        "exception.message", "out",
                        "exception.stacktrace", "Traceback …",
                        "exception.escaped", "False"));
        assertThat(map(span.getAttributes())).doesNotContainKey("error.type");
    }

    @ParameterizedTest
    @CsvSource({"out, 1", "another, 2"})
    void tellsAnExceptionOnceThatTheApplicationRecordedAndRaised(String recorded, int events) {
        Attributes facts = Attributes.builder()
                .put("exception.type", "shop.errors.Sold")
                .put("exception.message", recorded)
                .put("shop.item", 7)
                .build();
        ApplicationSpan application = new ApplicationSpan(
                null,
                Attributes.empty(),
                List.of(new ApplicationSpan.Event("exception", START + MS, facts)),
                StatusCode.UNSET,
                null,
                List.of());
        Failure failure = new Failure("shop.errors.Sold", "out", "Traceback …", false);

        SpanData span = ended(SemconvMode.OLD, PLAIN, result(null, failure, application));

        assertThat(span.getEvents()).hasSize(events);
        assertThat(span.getEvents().getFirst().getAttributes()).isEqualTo(facts);
        assertThat(span.getStatus()).isEqualTo(StatusData.create(StatusCode.ERROR, "Sold: out"));
    }

    @ParameterizedTest
    @ValueSource(strings = {Exchange.WORKER_DIED, Exchange.WORKER_EXITED})
    void saysHowTheProcessEndedInTheMiddle(String errorType) {
        SpanData span = ended(SemconvMode.OLD, PLAIN, UpstreamResult.workerEnded(errorType, START + MS));
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(map(span.getAttributes())).containsEntry("error.type", errorType);
        assertThat(span.getEndEpochNanos()).isEqualTo(START + MS);
    }

    @Test
    void leavesTheStatusAloneWhenTheExceptionCameAfterTheResponse() {
        UpstreamResult late = new UpstreamResult(
                START + MS,
                START + 2 * MS,
                null,
                UpstreamStatus.of(200),
                0,
                0,
                List.of(),
                new Failure("ValueError", "late", "", false),
                false,
                false,
                null,
                null);

        SpanData span = ended(SemconvMode.OLD, PLAIN, late);

        assertThat(span.getStatus()).isEqualTo(StatusData.unset());
        assertThat(span.getEvents())
                .singleElement()
                .satisfies(event -> assertThat(event.getName()).isEqualTo("exception"));
    }

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

    @Test
    void measuresInBothModesWithTheirOwnAttributes() {
        UpstreamRequest request = request(
                "GET",
                "/items/5",
                "",
                SERVER,
                "shop.example",
                Attributes.of(AttributeKey.stringKey("http.route"), "/r"));
        UpstreamResult result = new UpstreamResult(
                START + MS,
                START + 120 * MS,
                "/items/{id}",
                UpstreamStatus.of(200),
                5,
                0,
                List.of(),
                null,
                false,
                false,
                null,
                null);

        telemetry(SemconvMode.BOTH).exchange(request, START).endUnsampled(result);

        Map<String, Object> old = Map.of(
                "http.method", "GET",
                "http.host", "127.0.0.1:8000",
                "http.scheme", "http",
                "http.status_code", 200L,
                "http.flavor", "1.1",
                "http.server_name", "shop.example",
                "net.host.port", 8000L,
                "http.target", "/items/{id}");
        Map<String, Object> stable = Map.of(
                "http.request.method", "GET",
                "http.response.status_code", 200L,
                "http.route", "/r",
                "network.protocol.version", "1.1",
                "url.scheme", "http");
        assertHistogram("http.server.duration", "ms", "Measures the duration of inbound HTTP requests.", old, 120);
        assertHistogram(
                "http.server.response.size", "By", "measures the size of HTTP response messages (compressed).", old, 0);
        assertHistogram(
                "http.server.request.size", "By", "Measures the size of HTTP request messages (compressed).", old, 5);
        assertHistogram("http.server.request.duration", "s", "Duration of HTTP server requests.", stable, 0.12);
        assertHistogram("http.server.response.body.size", "By", "Size of HTTP server response bodies.", stable, 0);
        assertHistogram("http.server.request.body.size", "By", "Size of HTTP server request bodies.", stable, 5);
        assertThat(spans.getFinishedSpanItems()).isEmpty();
    }

    private void assertHistogram(
            String name, String unit, String description, Map<String, Object> attributes, double sum) {
        MetricData metric = metric(name);
        assertThat(metric.getUnit()).isEqualTo(unit);
        assertThat(metric.getDescription()).isEqualTo(description);
        assertThat(metric.getHistogramData().getPoints()).singleElement().satisfies(point -> {
            assertThat(map(point.getAttributes())).isEqualTo(attributes);
            assertThat(point.getSum()).isEqualTo(sum);
            assertThat(point.getBoundaries()).hasSize(unit.equals("s") ? 14 : 15);
        });
    }

    private MetricData metric(String name) {
        return metrics.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no metric " + name));
    }

    @Test
    void countsActiveRequestsByTheNamesOfTheMode() {
        UpstreamExchange exchange = telemetry(SemconvMode.BOTH).exchange(PLAIN, START);
        exchange.activate();

        assertThat(metric("http.server.active_requests").getLongSumData().getPoints())
                .singleElement()
                .satisfies(point -> {
                    assertThat(point.getValue()).isEqualTo(1);
                    assertThat(map(point.getAttributes()))
                            .containsOnlyKeys(
                                    "http.method",
                                    "http.host",
                                    "http.scheme",
                                    "http.flavor",
                                    "http.server_name",
                                    "http.request.method",
                                    "url.scheme");
                });
        exchange.endUnsampled(result(UpstreamStatus.of(200), null, null));
        assertThat(metric("http.server.active_requests").getLongSumData().getPoints())
                .singleElement()
                .satisfies(point -> assertThat(point.getValue()).isZero());
    }

    @ParameterizedTest
    @CsvSource({"'', OLD", "HTTP, OLD", "database, OLD", "http, STABLE", "'http,http/dup', BOTH"})
    void readsTheModeAsThePackageDoes(String optIn, SemconvMode mode) {
        assertThat(SemconvMode.of(List.of(optIn.split(",")))).isEqualTo(mode);
    }
}
