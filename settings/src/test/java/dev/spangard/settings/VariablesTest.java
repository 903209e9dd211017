// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VariablesTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    OTEL_EXPORTER_OTLP_HEADERS         | authorization=Bearer%20x,y=z | authorization=***,y=***
                    OTEL_EXPORTER_OTLP_TRACES_HEADERS  | pasted without a name        | ***
                    OTEL_EXPORTER_OTLP_ENDPOINT        | https://ann:pw@host:4318     | https://***@host:4318
                    OTEL_EXPORTER_OTLP_CLIENT_KEY      | /path/of/the.key             | /path/of/the.key
                    OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST | x-.*   | x-.*
                    SPANGARD_SOME_TOKEN                | x                            | ***
                    SPANGARD_CONFIGURATION             | {"a": "b=c"}                 | ***
                    OTEL_SERVICE_NAME                  | shop                         | shop
                    """)
    void hidesWhatMayBeSecret(String name, String value, String shown) {
        assertThat(Variables.shown(name, value)).isEqualTo(shown);
    }

    @Test
    void namesThoseOfOpenTelemetryThatDoNothing() {
        assertThat(Variables.withoutEffect(Map.of(
                        "OTEL_LOGS_EXPORTER", "otlp",
                        "OTEL_PYTHON_LOG_CORRELATION", "true",
                        "OTEL_BLRP_MAX_QUEUE_SIZE", " ",
                        "OTEL_SERVICE_NAME", "shop",
                        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://x",
                        "OTEL_PYTHON_FASTAPI_EXCLUDED_URLS", "health",
                        "OTEL_PYTHON_EXCLUDED_URLS", "health",
                        "SPANGARD_ANYTHING", "1",
                        "HOME", "/")))
                .containsExactly("OTEL_LOGS_EXPORTER", "OTEL_PYTHON_LOG_CORRELATION");
    }
}
