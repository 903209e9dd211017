// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.context.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ForwardedTest {
    private static final Address PROXY = new Address("10.1.2.3", 40_000);

    @Test
    void believesNobodyUnlessToldTo() {
        Attributes said = span(List.of(), PROXY, "x-forwarded-for", "192.0.2.7", "x-forwarded-proto", "https");
        assertThat(client(said)).isEqualTo("10.1.2.3 http app.internal 80");
    }

    @Test
    void takesTheOfficialHeaderOfATrustedProxy() {
        Attributes said = span(
                List.of("10.0.0.0/8"), PROXY, "forwarded", "For=\"192.0.2.7:4711\";Proto=https;host=\"shop.example\"");
        assertThat(client(said)).isEqualTo("192.0.2.7 https shop.example 443");
        assertThat(said.get(AttributeKey.stringKey("network.peer.address"))).isEqualTo("10.1.2.3");
        assertThat(said.get(AttributeKey.longKey("network.peer.port"))).isEqualTo(40_000);
    }

    @Test
    void takesTheUnofficialHeadersOfATrustedProxy() {
        String[] headers = {
            "x-forwarded-for",
            "2001:db8::1",
            "x-forwarded-proto",
            "HTTPS",
            "x-forwarded-host",
            "shop.example",
            "x-forwarded-port",
            "8443"
        };
        assertThat(client(span(List.of("10.1.2.3"), PROXY, headers))).isEqualTo("2001:db8::1 https shop.example 8443");
    }

    @Test
    void prefersTheOfficialHeader() {
        assertThat(client(span(
                        List.of("*"), PROXY, "x-forwarded-for", "192.0.2.1", "forwarded", "for=192.0.2.2;proto=https")))
                .isEqualTo("192.0.2.2 https app.internal 443");
    }

    @Test
    void stopsAtTheFirstHopFromTheRightThatIsNotTrusted() {
        List<String> trusted = List.of("10.0.0.0/8", "172.16.0.1");
        assertThat(client(
                        span(trusted, PROXY, "x-forwarded-for", "1.1.1.1, 192.0.2.7", "x-forwarded-for", "172.16.0.1")))
                .startsWith("192.0.2.7 ");
        assertThat(
                        client(
                                span(
                                        trusted,
                                        PROXY,
                                        "forwarded",
                                        "for=1.1.1.1;proto=https;host=evil, for=192.0.2.7;proto=http;host=shop.example, for=172.16.0.1")))
                .isEqualTo("192.0.2.7 http shop.example 80");
    }

    @Test
    void stopsWhereAHopHidesItsClient() {
        for (String hidden : List.of("unknown", "_secret", "\"[2001:db8\"", "", "example.org", "999.1.1.1")) {
            assertThat(client(span(List.of("10.0.0.0/8"), PROXY, "forwarded", "for=1.1.1.1, for=" + hidden)))
                    .as(hidden)
                    .startsWith("10.1.2.3 ");
        }
    }

    /** What a client has sent before its proxy appended to it, or beside what that wrote, in the header the proxy does not know. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"",
                "x=\"",
                "for=\"",
                "x=\"\\",
                "\\\"",
                "=",
                "for=",
                "for=;",
                ";;",
                "unknown",
                "for=unknown",
                "for=\"_x\"",
                "a b",
                ",",
                "for=\"[2001:db8::1\"",
                "x=\"a,b",
                "\u00e9",
                "for=1.1.1.1;\"",
                "proto=https, \"",
                "x==\"\""
            })
    void nothingThatAClientSendsHidesIt(String sent) {
        List<String> trusted = List.of("10.0.0.0/8");
        for (String header : List.of("x-forwarded-for", "forwarded")) {
            String appended = header.equals("forwarded") ? "for=\"192.0.2.7:4711\";proto=https" : "192.0.2.7";
            assertThat(client(span(trusted, PROXY, header, sent + ", " + appended)))
                    .as(header)
                    .startsWith("192.0.2.7 ");
            assertThat(client(span(trusted, PROXY, header, sent, header, appended)))
                    .as(header + " twice")
                    .startsWith("192.0.2.7 ");
        }
        assertThat(client(span(trusted, PROXY, "forwarded", sent, "x-forwarded-for", "192.0.2.7")))
                .startsWith("192.0.2.7 ");
    }

    @Test
    void readsQuotedStringsWithAllThatMayBeInThem() {
        assertThat(
                        client(
                                span(
                                        List.of("10.0.0.0/8"),
                                        PROXY,
                                        "forwarded",
                                        "for=192.0.2.7;x=\"a,b;for=1.1.1.1;\\\",\\\\\";host=\"shop\\.example\" ,, for=10.0.0.1 ; proto=https;")))
                .isEqualTo("192.0.2.7 https shop.example 443");
    }

    @Test
    void putsWhatASingleProxySaysBesideTheNearestHop() {
        assertThat(client(span(
                        List.of("10.0.0.0/8"),
                        PROXY,
                        "x-forwarded-for",
                        "9.9.9.9, 192.0.2.7, 10.0.0.1",
                        "x-forwarded-proto",
                        "https, http",
                        "x-forwarded-host",
                        "shop.example")))
                .as("the client's own 9.9.9.9 moves nothing")
                .isEqualTo("192.0.2.7 https shop.example 443");
    }

    @Test
    void takesTheLeftmostIfAllAreTrusted() {
        assertThat(client(span(List.of("*"), PROXY, "x-forwarded-for", "192.0.2.7, 10.9.9.9")))
                .startsWith("192.0.2.7 ");
    }

    @Test
    void looksAtNoMoreThanSoManyHops() {
        String hops = "192.0.2.7" + ", 10.0.0.1".repeat(Forwarded.MAX_HOPS - 1);
        assertThat(client(span(List.of("10.0.0.0/8"), PROXY, "x-forwarded-for", hops)))
                .startsWith("192.0.2.7 ");
        assertThat(client(span(List.of("10.0.0.0/8"), PROXY, "x-forwarded-for", hops + ", 10.0.0.1")))
                .startsWith("10.0.0.1 ");
    }

    @Test
    void givesEachHopItsOwnWordWhereThereAreAsMany() {
        assertThat(client(span(
                        List.of("10.0.0.0/8"),
                        PROXY,
                        "x-forwarded-for",
                        "192.0.2.7, 10.0.0.1",
                        "x-forwarded-proto",
                        "https, http")))
                .isEqualTo("192.0.2.7 https app.internal 443");
    }

    @Test
    void knowsAUnixSocketOnlyWithAll() {
        assertThat(client(span(List.of("10.0.0.0/8"), null, "x-forwarded-for", "192.0.2.7")))
                .startsWith("null ");
        assertThat(client(span(List.of("*"), null, "x-forwarded-for", "192.0.2.7")))
                .startsWith("192.0.2.7 ");
    }

    @Test
    void ignoresSchemesAndHostsThatAreNone() {
        assertThat(client(span(List.of("*"), PROXY, "x-forwarded-proto", "javascript", "x-forwarded-host", "a b")))
                .isEqualTo("10.1.2.3 http app.internal 80");
    }

    @Test
    void comparesNetworksToTheBit() {
        TrustedProxies proxies = TrustedProxies.of(List.of("192.0.2.128/25", "2001:db8::/33"));
        assertThat(proxies.trusts(new Address("192.0.2.128", 1))).isTrue();
        assertThat(proxies.trusts(new Address("192.0.2.127", 1))).isFalse();
        assertThat(proxies.trusts(new Address("2001:db8:7fff::1", 1))).isTrue();
        assertThat(proxies.trusts(new Address("2001:db8:8000::1", 1))).isFalse();
        assertThat(proxies.trusts(new Address("::ffff:192.0.2.200", 1))).isTrue();
        assertThat(proxies.trusts(new Address("proxy.internal", 1))).isFalse();
        assertThat(TrustedProxies.of(List.of("0.0.0.0/0")).trusts(new Address("203.0.113.9", 1)))
                .isTrue();
    }

    @Test
    void namesWhatIsNoAddress() {
        for (String wrong : List.of("proxy.internal", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "/8", "::/129")) {
            assertThatThrownBy(() -> TrustedProxies.of(List.of("10.0.0.1", wrong)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(wrong);
        }
    }

    static String client(Attributes said) {
        return said.get(AttributeKey.stringKey("client.address"))
                + " " + said.get(AttributeKey.stringKey("url.scheme"))
                + " " + said.get(AttributeKey.stringKey("server.address"))
                + " " + said.get(AttributeKey.longKey("server.port"));
    }

    static Attributes span(List<String> trusted, @Nullable Address peer, String... headers) {
        List<String> captured = new ArrayList<>();
        for (int i = 0; i < headers.length; i += 2) {
            captured.add(":" + headers[i]);
            captured.add(headers[i + 1]);
        }
        Collector collector = new Collector(new TelemetryOptions(
                TelemetryOptions.DEFAULT_KNOWN_METHODS,
                TelemetryOptions.DEFAULT_SENSITIVE_QUERY_PARAMETERS,
                TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT,
                false,
                TrustedProxies.of(trusted),
                Set.of(),
                ExceptionSignal.SPAN_EVENTS,
                0));
        collector
                .telemetry
                .exchange(
                        Requests.plain()
                                .client(peer)
                                .host("app.internal")
                                .capturedHeaders(captured)
                                .build(),
                        START)
                .end(Context.root(), START);
        Attributes said = collector.span().getAttributes();
        assertThat(said.asMap().keySet()).noneMatch(key -> key.getKey().contains("header"));
        return said;
    }
}
