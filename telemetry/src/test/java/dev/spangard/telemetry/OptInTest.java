// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.context.Context;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class OptInTest {
    private static final List<String> ALL = List.of(
            "client.port",
            "network.local.address",
            "network.local.port",
            "network.transport",
            "server.address",
            "server.port",
            "user_agent.synthetic.type");

    private @Nullable Collector collector;

    @Test
    void tellsOnSpansWhatIsAskedFor() {
        Attributes said = span(ALL, "1.1", new Address("10.0.0.1", 8000), "Googlebot/2.1");
        assertThat(said.asMap())
                .containsAllEntriesOf(Attributes.builder()
                        .put("client.port", 51234)
                        .put("network.local.address", "10.0.0.1")
                        .put("network.local.port", 8000)
                        .put("network.transport", "tcp")
                        .put("user_agent.synthetic.type", "bot")
                        .build()
                        .asMap());
    }

    @Test
    void tellsNothingThatIsNotAskedFor() {
        Attributes said = span(List.of(), "1.1", new Address("10.0.0.1", 8000), "Googlebot/2.1");
        assertThat(said.asMap().keySet())
                .extracting(AttributeKey::getKey)
                .doesNotContainAnyElementsOf(List.of(
                        "client.port", "network.local.address", "network.transport", "user_agent.synthetic.type"));
        assertThat(measured("server.address")).isNull();
    }

    @Test
    void tellsOnMeasurementsWhatTheConventionsAllow() {
        span(ALL, "1.1", new Address("10.0.0.1", 8000), "alwayson");
        assertThat(measured("server.address")).isEqualTo("example.org");
        assertThat(measured("server.port")).isEqualTo(8000L);
        assertThat(measured("user_agent.synthetic.type")).isEqualTo("test");
        assertThat(measured("client.port")).isNull();
        assertThat(measured("network.transport")).isNull();
    }

    @Test
    void knowsTheTransport() {
        AttributeKey<String> transport = AttributeKey.stringKey("network.transport");
        assertThat(span(ALL, "3", null, "").get(transport)).isEqualTo("udp");
        assertThat(span(ALL, "2", null, "").get(transport)).isEqualTo("tcp");
        assertThat(span(ALL, "1.1", new Address("/run/app.sock", Address.NO_PORT), "")
                        .get(transport))
                .isEqualTo("unix");
    }

    @Test
    void namesAnAttributeThatNobodyCanAskFor() {
        assertThatThrownBy(() -> OptIn.of(List.of("client.port", "http.cookies")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("http.cookies");
    }

    private Attributes span(List<String> wanted, String version, @Nullable Address local, String agent) {
        Collector made = new Collector(new TelemetryOptions(
                TelemetryOptions.DEFAULT_KNOWN_METHODS,
                TelemetryOptions.DEFAULT_SENSITIVE_QUERY_PARAMETERS,
                TelemetryOptions.DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT,
                false,
                TrustedProxies.NONE,
                OptIn.of(wanted),
                ExceptionSignal.SPAN_EVENTS,
                0));
        collector = made;
        Address client = new Address("127.0.0.1", 51234);
        made.telemetry
                .exchange(
                        Requests.plain()
                                .httpVersion(version)
                                .server(local)
                                .client(client)
                                .host("example.org:8000")
                                .userAgent(agent)
                                .build(),
                        START)
                .end(Context.root(), START);
        return made.span().getAttributes();
    }

    private @Nullable Object measured(String name) {
        Collector made = collector;
        return made == null
                ? null
                : made.duration().getAttributes().asMap().entrySet().stream()
                        .filter(entry -> entry.getKey().getKey().equals(name))
                        .map(Map.Entry::getValue)
                        .findFirst()
                        .orElse(null);
    }
}
