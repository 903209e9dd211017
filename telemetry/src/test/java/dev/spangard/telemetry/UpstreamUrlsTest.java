// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.telemetry.UpstreamRequest.Endpoint;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.trace.data.SpanData;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Addresses and URLs of the {@code upstream} profile, and that no secret is left in them. */
final class UpstreamUrlsTest extends UpstreamCollector {
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
}
