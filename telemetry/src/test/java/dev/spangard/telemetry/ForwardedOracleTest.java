// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.context.Context;
import io.opentelemetry.instrumentation.api.semconv.http.HttpServerAttributesExtractor;
import io.opentelemetry.instrumentation.api.semconv.http.HttpServerAttributesGetter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Well-formed headers of proxies that are all trusted, as OpenTelemetry's Java instrumentation reads them, which trusts
 * everybody: whoever stands left is the client.
 */
final class ForwardedOracleTest {
    private static final int HEADERS = 2_000;
    private static final Address PROXY = new Address("10.1.2.3", 40_000);

    /** A request as that instrumentation asks for it: name, value, name, value … */
    private record Getter() implements HttpServerAttributesGetter<List<String>, Void> {
        @Override
        public String getHttpRequestMethod(List<String> headers) {
            return "GET";
        }

        @Override
        public List<String> getHttpRequestHeader(List<String> headers, String name) {
            List<String> values = new ArrayList<>();
            for (int i = 0; i < headers.size(); i += 2) {
                if (headers.get(i).equals(name)) {
                    values.add(headers.get(i + 1));
                }
            }
            return values;
        }

        @Override
        public @Nullable Integer getHttpResponseStatusCode(
                List<String> headers, @Nullable Void response, @Nullable Throwable error) {
            return 200;
        }

        @Override
        public List<String> getHttpResponseHeader(List<String> headers, @Nullable Void response, String name) {
            return List.of();
        }

        @Override
        public @Nullable String getUrlScheme(List<String> headers) {
            return "http";
        }

        @Override
        public @Nullable String getUrlPath(List<String> headers) {
            return "/";
        }

        @Override
        public @Nullable String getUrlQuery(List<String> headers) {
            return null;
        }
    }

    private static String oracle(List<String> headers) {
        AttributesBuilder builder = Attributes.builder();
        List<String> all = new ArrayList<>(headers);
        all.addAll(List.of("host", "app.internal"));
        HttpServerAttributesExtractor.create(new Getter()).onStart(builder, Context.root(), all);
        Attributes said = builder.build();
        String scheme = said.get(AttributeKey.stringKey("url.scheme"));
        return said.get(AttributeKey.stringKey("client.address"))
                + ' '
                + scheme
                + ' '
                + said.get(AttributeKey.stringKey("server.address"));
    }

    private static String ours(List<String> trusted, List<String> headers) {
        String said = ForwardedTest.client(ForwardedTest.span(trusted, PROXY, headers.toArray(String[]::new)));
        return said.substring(
                0, said.lastIndexOf(' ')); // without the port, which the oracle does not find before a comma
    }

    @Test
    void agreesAboutWellFormedHeaders() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int i = 0; i < HEADERS; i++) {
            List<String> headers = random.nextBoolean() ? official(random) : unofficial(random);
            assertThat(ours(List.of("*"), headers))
                    .as("seed %d, %d: %s", seed, i, headers)
                    .isEqualTo(oracle(headers));
        }
    }

    /** Whatever a client sends, the one that the nearest proxy names is the client, if that proxy alone is trusted. */
    @Test
    void believesWhatTheProxyAppendsWhateverStandsBeforeIt() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int i = 0; i < HEADERS; i++) {
            boolean official = random.nextBoolean();
            String sent = rubbish(random);
            String appended = official ? "for=203.0.113.9;proto=https" : "203.0.113.9";
            List<String> headers = List.of(official ? "forwarded" : "x-forwarded-for", sent + ", " + appended);
            assertThat(ours(List.of("10.0.0.0/8"), headers))
                    .as("seed %d, %d: %s", seed, i, headers)
                    .startsWith("203.0.113.9 ");
        }
    }

    private static String rubbish(Random random) {
        String alphabet = "\"\\,;=[]: \tfor1.2x%\u00e9";
        var text = new StringBuilder();
        for (int length = random.nextInt(12); length > 0; length--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    /** Pairs in any order, names in any case, values quoted where they must be and sometimes where they need not. */
    private static List<String> official(Random random) {
        List<String> headers = new ArrayList<>();
        for (int lines = 1 + random.nextInt(2); lines > 0; lines--) {
            List<String> elements = new ArrayList<>();
            for (int count = 1 + random.nextInt(3); count > 0; count--) {
                String node = node(random);
                List<String> pairs = new ArrayList<>(List.of(cased(random, "for=")
                        + (node.startsWith("[") || random.nextBoolean() ? '"' + node + '"' : node)));
                if (random.nextBoolean()) {
                    pairs.add(cased(random, "proto=") + (random.nextBoolean() ? "https" : "http"));
                }
                if (lines == 1 && count == 1 && random.nextBoolean()) { // the oracle does not see a comma behind it
                    pairs.add(cased(random, "host=") + host(random));
                }
                if (random.nextBoolean()) {
                    pairs.add("by=_" + random.nextInt(9));
                }
                Collections.shuffle(pairs, random);
                elements.add(String.join(random.nextBoolean() ? ";" : "; ", pairs));
            }
            headers.addAll(List.of("forwarded", String.join(random.nextBoolean() ? "," : ", ", elements)));
        }
        return headers;
    }

    /** With one scheme and host, or as many as there are hops. */
    private static List<String> unofficial(Random random) {
        int hops = 1 + random.nextInt(3);
        List<String> headers =
                new ArrayList<>(List.of("x-forwarded-for", list(random, hops, ForwardedOracleTest::node)));
        if (random.nextBoolean()) {
            int schemes = random.nextBoolean() ? 1 : hops;
            headers.add("x-forwarded-proto");
            headers.add(list(random, schemes, any -> any.nextBoolean() ? "https" : "http"));
        }
        if (random.nextBoolean()) {
            headers.addAll(List.of("x-forwarded-host", host(random)));
        }
        return headers;
    }

    private static String list(Random random, int size, Function<Random, String> element) {
        List<String> elements = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            elements.add(element.apply(random));
        }
        return String.join(random.nextBoolean() ? "," : ", ", elements);
    }

    private static String node(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> "192.0.2." + random.nextInt(256);
            case 1 -> "192.0.2." + random.nextInt(256) + ':' + (1 + random.nextInt(65_535));
            case 2 -> "[2001:db8::" + Integer.toHexString(1 + random.nextInt(0xffff)) + ']';
            default -> "[2001:db8::1]:" + (1 + random.nextInt(65_535));
        };
    }

    private static String host(Random random) {
        return "shop" + random.nextInt(9) + ".example"
                + (random.nextBoolean() ? ":" + (1 + random.nextInt(65_535)) : "");
    }

    private static String cased(Random random, String name) {
        return random.nextBoolean() ? name : Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }
}
