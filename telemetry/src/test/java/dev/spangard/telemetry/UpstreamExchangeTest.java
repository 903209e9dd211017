// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expectations are what version 0.66b2 of the Python package exports for the same scope and messages. */
final class UpstreamExchangeTest extends UpstreamCollector {
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

    @Test
    void judgesAStatusThatIsNoNumber() {
        SpanData span = ended(SemconvMode.STABLE, PLAIN, result(UpstreamStatus.of("abc"), null, null));

        assertThat(span.getStatus()).isEqualTo(StatusData.create(StatusCode.ERROR, "Non-integer HTTP status: abc"));
        assertThat(map(span.getAttributes()))
                .containsEntry("error.type", "abc")
                .doesNotContainKey("http.response.status_code");
    }

    @ParameterizedTest
    @ValueSource(strings = {Exchange.WORKER_DIED, Exchange.WORKER_EXITED})
    void saysHowTheProcessEndedInTheMiddle(String errorType) {
        SpanData span = ended(SemconvMode.OLD, PLAIN, UpstreamResult.workerEnded(errorType, START + MS));
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(map(span.getAttributes())).containsEntry("error.type", errorType);
        assertThat(span.getEndEpochNanos()).isEqualTo(START + MS);
    }

    @ParameterizedTest
    @CsvSource({"'', OLD", "HTTP, OLD", "database, OLD", "http, STABLE", "'http,http/dup', BOTH"})
    void readsTheModeAsThePackageDoes(String optIn, SemconvMode mode) {
        assertThat(SemconvMode.of(List.of(optIn.split(",")))).isEqualTo(mode);
    }
}
