// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static dev.spangard.telemetry.Requests.end;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whom a request came from, whom and what it asked for. */
final class ExchangeAddressesTest {
    private final Collector collector = new Collector();

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
