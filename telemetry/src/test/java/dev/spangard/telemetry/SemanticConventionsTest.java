// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.telemetry.ExchangeCases.Case;
import dev.spangard.telemetry.SemanticConventions.Convention;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.data.PointData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
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

    private final SemanticConventions conventions = new SemanticConventions();

    @Test
    void spansHaveWhatTheConventionsWantAndNothingTheyDoNotKnow() {
        for (Case each : ExchangeCases.all()) {
            Collector collector = new Collector();
            ExchangeCases.end(collector, each);
            SpanData span = collector.span();
            List<String> wrong = new ArrayList<>();
            Map<String, Object> said = byName(span.getAttributes());
            checkNames(span.getAttributes(), Convention::onSpans, wrong);
            checkRequired(said, each, wrong);
            for (String name : said.keySet()) {
                Convention convention = conventions.find(name);
                boolean asked = name.startsWith("http.request.header.") || TOLD_UNASKED.contains(name);
                if (convention != null && convention.onSpans().equals("opt_in") && !asked) {
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
                    .isEqualTo(each.ending().error() ? StatusCode.ERROR : StatusCode.UNSET);
            assertThat(span.getName()).isEqualTo(ExchangeCases.name(each));
        }
    }

    @Test
    void measurementsHaveWhatTheConventionsWantAndNothingTheyDoNotKnow() {
        for (OptIn[] asked : new OptIn[][] {{}, OptIn.values()}) {
            Collector collector = new Collector(options(Set.of(asked)));
            ExchangeCases.all().forEach(each -> ExchangeCases.end(collector, each));
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
        checkRequired(Map.of("url.path", "/"), ExchangeCases.all().getFirst(), wrong);
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
            Convention convention = conventions.find(name);
            if (name.startsWith("spangard.") || (OUTSIDE_OF_HTTP.contains(name) && convention != null)) {
                continue;
            }
            if (convention == null) {
                wrong.add(name + " is not in the registry");
            } else if (!convention.type().equals(SemanticConventions.type(key.getType()))) {
                wrong.add(name + " is a "
                        + SemanticConventions.type(key.getType()).replace("int", "long"));
            } else if (level.apply(convention).equals("-") && !name.equals("network.io.direction")) {
                wrong.add(name + " does not belong here");
            }
        }
    }

    /** What is there to be told follows from the case alone. */
    private void checkRequired(Map<String, Object> said, Case each, List<String> wrong) {
        Request request = each.request();
        Map<String, Boolean> conditions = new HashMap<>();
        conventions.forEach((name, convention) -> {
            if (convention.onSpans().equals("required")) {
                conditions.put(name, true);
            }
        });
        boolean known = request.method() == null || TelemetryOptions.DEFAULT_KNOWN_METHODS.contains(request.method());
        conditions.put("http.request.method_original", !known);
        conditions.put("http.route", each.route() != null);
        conditions.put("url.query", !request.query().isEmpty());
        conditions.put("error.type", each.ending().error());
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
            boolean required = convention.onMetrics().equals("required");
            boolean optional = convention.onMetrics().equals("opt_in");
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
}
