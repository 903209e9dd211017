// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.AttributeType;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.data.PointData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Spans and measurements of every combination of requests and ways to end, held against the published registry of the
 * semantic conventions: names, types, requirement levels.
 */
final class SemanticConventionsTest {
    /** Opt-In in the conventions, always told here: counted, and no secret. docs/telemetry.md says so. */
    private static final Set<String> TOLD_UNASKED = Set.of("http.request.body.size", "http.response.body.size");

    private static final Set<String> OUTSIDE_OF_HTTP = Set.of("process.pid");

    /** Instrument, unit. */
    private static final Map<String, List<String>> HTTP_METRICS = Map.of(
            "http.server.request.duration", List.of("HISTOGRAM", "s"),
            "http.server.active_requests", List.of("LONG_SUM", "{request}"),
            "http.server.request.body.size", List.of("HISTOGRAM", "By"),
            "http.server.response.body.size", List.of("HISTOGRAM", "By"));

    private final Map<String, Convention> conventions = conventions();

    private record Convention(String type, String onSpans, String onMetrics) {}

    /** How an exchange went. */
    private record Ending(String name, boolean error, Consumer<Exchange> of) {}

    private record Case(Request request, @Nullable String route, Ending ending) {}

    @Test
    void spansHaveWhatTheConventionsWantAndNothingTheyDoNotKnow() {
        for (Case each : cases()) {
            Collector collector = new Collector();
            end(collector, each);
            SpanData span = collector.span();
            List<String> wrong = new ArrayList<>();
            Map<String, Object> said = byName(span.getAttributes());
            checkNames(span.getAttributes(), Convention::onSpans, wrong);
            checkRequired(said, each, wrong);
            for (String name : said.keySet()) {
                Convention convention = conventions.get(template(name));
                boolean asked = name.startsWith("http.request.header.") || TOLD_UNASKED.contains(name);
                if (convention != null && convention.onSpans.equals("opt_in") && !asked) {
                    wrong.add(name + " was not asked for");
                }
            }
            for (EventData event : span.getEvents()) {
                checkNames(event.getAttributes(), convention -> "event", wrong);
            }
            assertThat(wrong).as("%s", each).isEmpty();
            assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
            assertThat(span.getStatus().getStatusCode())
                    .as("%s", each)
                    .isEqualTo(each.ending.error ? StatusCode.ERROR : StatusCode.UNSET);
            assertThat(span.getName()).isEqualTo(name(each));
        }
    }

    @Test
    void measurementsHaveWhatTheConventionsWantAndNothingTheyDoNotKnow() {
        for (OptIn[] asked : new OptIn[][] {{}, OptIn.values()}) {
            Collector collector = new Collector(options(Set.of(asked)));
            cases().forEach(each -> end(collector, each));
            Set<String> http = new TreeSet<>();
            for (MetricData metric : collector.metrics()) {
                List<String> wrong = new ArrayList<>();
                boolean active = metric.getName().contains("active");
                for (PointData point : metric.getData().getPoints()) {
                    checkNames(point.getAttributes(), Convention::onMetrics, wrong);
                    checkMeasured(byName(point.getAttributes()), active, asked.length > 0, wrong);
                }
                assertThat(wrong).as(metric.getName()).isEmpty();
                if (metric.getName().startsWith("spangard.")) {
                    continue;
                }
                http.add(metric.getName());
                assertThat(List.of(metric.getType().name(), metric.getUnit()))
                        .as(metric.getName())
                        .isEqualTo(HTTP_METRICS.get(metric.getName()));
                assertThat(metric.getType() == MetricDataType.LONG_SUM
                                && metric.getLongSumData().isMonotonic())
                        .isFalse();
            }
            assertThat(http).isEqualTo(HTTP_METRICS.keySet());
        }
    }

    @Test
    void theTableNoticesWhatItIsToNotice() {
        List<String> wrong = new ArrayList<>();
        checkNames(
                Attributes.builder()
                        .put("http.flavor", "1.1")
                        .put("http.request.method", 5)
                        .put("client.port", 5)
                        .put("spangard.fine", 1)
                        .build(),
                Convention::onMetrics,
                wrong);
        checkRequired(Map.of("url.path", "/"), cases().getFirst(), wrong);
        assertThat(wrong)
                .contains(
                        "http.flavor is not in the registry",
                        "http.request.method is a long",
                        "client.port does not belong here",
                        "http.request.method is missing",
                        "url.scheme is missing");
    }

    private void checkNames(Attributes attributes, Function<Convention, String> level, List<String> wrong) {
        for (AttributeKey<?> key : attributes.asMap().keySet()) {
            String name = key.getKey();
            Convention convention = conventions.get(template(name));
            if (name.startsWith("spangard.") || (OUTSIDE_OF_HTTP.contains(name) && convention != null)) {
                continue;
            }
            if (convention == null) {
                wrong.add(name + " is not in the registry");
            } else if (!convention.type.equals(type(key.getType()))) {
                wrong.add(name + " is a " + type(key.getType()).replace("int", "long"));
            } else if (level.apply(convention).equals("-") && !name.equals("network.io.direction")) {
                wrong.add(name + " does not belong here");
            }
        }
    }

    /** What is there to be told follows from the case alone. */
    private void checkRequired(Map<String, Object> said, Case each, List<String> wrong) {
        Request request = each.request;
        Map<String, Boolean> conditions = new HashMap<>();
        conventions.forEach((name, convention) -> {
            if (convention.onSpans.equals("required")) {
                conditions.put(name, true);
            }
        });
        boolean known = request.method() == null || TelemetryOptions.DEFAULT_KNOWN_METHODS.contains(request.method());
        conditions.put("http.request.method_original", !known);
        conditions.put("http.route", each.route != null);
        conditions.put("url.query", !request.query().isEmpty());
        conditions.put("error.type", each.ending.error);
        conditions.put("network.protocol.name", request.kind() == Request.Kind.WEBSOCKET);
        conditions.put("network.protocol.version", request.httpVersion() != null);
        boolean addressed = !request.host().isEmpty() || request.server() != null;
        conditions.put("server.address", addressed);
        Address server = request.server();
        conditions.put(
                "server.port", !request.host().isEmpty() || (server != null && server.port() != Address.NO_PORT));
        conditions.put("client.address", request.client() != null);
        conditions.put("network.peer.address", request.client() != null);
        conditions.put("user_agent.original", !request.userAgent().isEmpty());
        conditions.forEach((name, wanted) -> {
            if (wanted != said.containsKey(name)) {
                wrong.add(name + (wanted ? " is missing" : " is there without cause"));
            }
        });
    }

    private void checkMeasured(Map<String, Object> said, boolean active, boolean asked, List<String> wrong) {
        conventions.forEach((name, convention) -> {
            boolean required = convention.onMetrics.equals("required");
            boolean optional = convention.onMetrics.equals("opt_in");
            if (required && !said.containsKey(name)) {
                wrong.add(name + " is missing");
            }
            if (said.containsKey(name) && ((optional && !asked) || (active && !required))) {
                wrong.add(name + " was not asked for");
            }
        });
        Object version = said.get("network.protocol.version");
        if (Objects.equals(said.get("url.scheme"), "ws")
                && version != null
                && !said.containsKey("network.protocol.name")) {
            wrong.add("network.protocol.name is missing");
        }
    }

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Request request : requests()) {
            for (String route : Arrays.asList(null, "/items/{id}")) {
                endings(request).forEach(ending -> cases.add(new Case(request, route, ending)));
            }
        }
        return cases;
    }

    private static List<Request> requests() {
        List<Request> requests = new ArrayList<>();
        Address client = new Address("192.0.2.7", 50123);
        Address tcp = new Address("10.0.0.1", 8000);
        Address unix = new Address("/run/app.sock", Address.NO_PORT);
        for (String method : List.of("GET", "QUERY", "get", "BREW")) {
            for (String query : List.of("", "a=1&sig=secret")) {
                requests.add(http(method, "https", "1.1", query, null, client, "shop.example", "curl/8.5"));
            }
        }
        for (String version : Arrays.asList(null, "1.0", "2", "3")) {
            requests.add(http("POST", "http", version, "", tcp, client, "", ""));
        }
        requests.add(http("GET", null, "1.1", "", unix, null, "", "Googlebot/2.1"));
        requests.add(http("GET", "http", "1.1", "", null, null, "", ""));
        for (String version : List.of("1.1", "2")) {
            requests.add(Requests.websocket(version));
        }
        return requests;
    }

    private static Request http(
            String method,
            @Nullable String scheme,
            @Nullable String version,
            String query,
            @Nullable Address server,
            @Nullable Address client,
            String host,
            String agent) {
        List<String> headers = List.of("X-Team", "a");
        return Requests.plain()
                .method(method)
                .scheme(scheme)
                .httpVersion(version)
                .path("/items/5")
                .query(query)
                .server(server)
                .client(client)
                .host(host)
                .userAgent(agent)
                .capturedHeaders(headers)
                .pid(4711)
                .build();
    }

    private static List<Ending> endings(Request request) {
        Failure failure = new Failure("shop.OutOfStock", "none left", "Traceback …", false);
        List<Ending> endings = new ArrayList<>(List.of(
                new Ending("nothing", true, exchange -> {}),
                new Ending("raises", true, exchange -> exchange.failed(failure)),
                new Ending("cancelled", true, exchange -> exchange.failed(new Failure("CancelledError", "", "", true))),
                new Ending("worker died", true, exchange -> exchange.workerEnded(Exchange.WORKER_DIED))));
        if (request.kind() == Request.Kind.WEBSOCKET) {
            endings.add(new Ending(
                    "denied", false, exchange -> exchange.conversation().closed(1000)));
            endings.add(new Ending("closed", false, exchange -> {
                exchange.conversation().accepted("chat");
                exchange.conversation().messageReceived(START, true, 5);
                exchange.conversation().disconnected(1001, "going away");
            }));
            endings.add(new Ending("internal error", true, exchange -> {
                exchange.conversation().accepted(null);
                exchange.conversation().closed(1011);
            }));
            return endings;
        }
        for (int status : new int[] {200, 302, 404, 499, 500, 503, 999}) {
            endings.add(new Ending("status " + status, status >= 500, exchange -> answer(exchange, status)));
        }
        endings.add(new Ending("raises after", true, exchange -> {
            answer(exchange, 200);
            exchange.failed(failure);
        }));
        endings.add(new Ending("left", true, exchange -> exchange.conversation().left(START)));
        return endings;
    }

    private static void answer(Exchange exchange, int status) {
        Conversation said = exchange.conversation();
        said.requestBody(7);
        said.responseStarted();
        said.status(status);
        said.responseBody(START + 1, 3, false);
        said.responseBody(START + 2, 3, true);
    }

    private static void end(Collector collector, Case each) {
        Exchange exchange = collector.telemetry.exchange(each.request, START);
        exchange.activate();
        exchange.route(each.route);
        each.ending.of.accept(exchange);
        exchange.end(Context.root(), START + 20_000_000);
    }

    private static String name(Case each) {
        String method = each.request.method();
        if (method == null) {
            method = Objects.equals(each.request.httpVersion(), "2") ? "CONNECT" : "GET";
        }
        String name = TelemetryOptions.DEFAULT_KNOWN_METHODS.contains(method) ? method : "HTTP";
        return each.route == null ? name : name + " " + each.route;
    }

    private static TelemetryOptions options(Set<OptIn> asked) {
        return new TelemetryOptions(
                TelemetryOptions.DEFAULT_KNOWN_METHODS,
                TelemetryOptions.DEFAULT_SENSITIVE_QUERY_PARAMETERS,
                TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT,
                false,
                TrustedProxies.NONE,
                asked,
                ExceptionSignal.SPAN_EVENTS,
                0);
    }

    private static Map<String, Object> byName(Attributes attributes) {
        return attributes.asMap().entrySet().stream()
                .collect(Collectors.toMap(entry -> entry.getKey().getKey(), Map.Entry::getValue));
    }

    private static String template(String name) {
        for (String prefix : List.of("http.request.header.", "http.response.header.")) {
            if (name.startsWith(prefix)) {
                return prefix + "*";
            }
        }
        return name;
    }

    private static String type(AttributeType type) {
        return switch (type) {
            case STRING -> "string";
            case LONG -> "int";
            case DOUBLE -> "double";
            case BOOLEAN -> "boolean";
            case STRING_ARRAY -> "string[]";
            default -> type.name();
        };
    }

    private static Map<String, Convention> conventions() {
        Map<String, Convention> conventions = new HashMap<>();
        var table = SemanticConventionsTest.class.getResourceAsStream("/http-server-conventions.tsv");
        try (var lines =
                new BufferedReader(new InputStreamReader(Objects.requireNonNull(table), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] cells = line.split("\t", -1);
                if (!line.startsWith("#")) {
                    conventions.put(cells[0], new Convention(cells[1], cells[2], cells[3]));
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return conventions;
    }
}
