// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private final List<String> warnings = new ArrayList<>();

    private Settings settings(String name, String value) {
        return new Settings(Map.of(name, value), warnings::add);
    }

    @Test
    void aBooleanThatIsNeitherIsFalseWithAWarning() {
        var settings = new Settings(Map.of("A", "True", "B", "FALSE", "C", "yes", "D", " "), warnings::add);
        assertThat(List.of(settings.isTrue("A"), settings.isTrue("B"), settings.isTrue("C"), settings.isTrue("D")))
                .containsExactly(true, false, false, false);
        assertThat(warnings).containsExactly("C=yes is neither true nor false; using false");
    }

    @Test
    void blankValueIsNone() {
        assertThat(settings("A", "  ").text("A")).isNull();
        assertThat(settings("A", "  ").list("A")).isNull();
        assertThat(settings("A", "").whole("A", 7, 1)).isEqualTo(7);
        assertThat(warnings).isEmpty();
    }

    @Test
    void listDropsBlanksAndEmptyElements() {
        assertThat(settings("A", " otlp , ,console,").list("A")).containsExactly("otlp", "console");
    }

    @Test
    void pairsArePercentDecodedAndAPlusStaysAPlus() {
        assertThat(settings("A", "a=b%20c,d=e=f, g = 1+1 ,h=%zz%4").pairs("A"))
                .containsExactly(entry("a", "b c"), entry("d", "e=f"), entry("g", "1+1"), entry("h", "%zz%4"));
    }

    @Test
    void pairsThatAreNoneAreWarnedOfWithoutRepeatingThem() {
        assertThat(settings("OTEL_EXPORTER_OTLP_HEADERS", "Bearer secret,a=b").pairs("OTEL_EXPORTER_OTLP_HEADERS"))
                .containsExactly(entry("a", "b"));
        assertThat(warnings).hasSize(1).noneMatch(line -> line.contains("secret"));
    }

    @Test
    void percentDecodesUtf8() {
        assertThat(Percent.decode("za%C5%BC%c3%b3%C5%82%C4%87")).isEqualTo("zażółć");
        assertThat(Percent.decode("100%")).isEqualTo("100%");
        assertThat(Percent.decode("%ff")).isEqualTo("\ufffd");
    }

    @ParameterizedTest
    @CsvSource({"abc", "-1", "0", "1.5", "99999999999"})
    void badWholeNumberIsWarnedOfAndTheDefaultUsed(String value) {
        assertThat(settings("OTEL_BSP_MAX_QUEUE_SIZE", value).whole("OTEL_BSP_MAX_QUEUE_SIZE", 8192, 1))
                .isEqualTo(8192);
        assertThat(warnings).hasSize(1).first().asString().contains("OTEL_BSP_MAX_QUEUE_SIZE=" + value);
    }

    @ParameterizedTest
    @CsvSource({"10,10000", "0.5,500", "999,999000", "1000,1000", "10000,10000", "0.0001,1"})
    void timeoutBelowAThousandIsSecondsAsInPythonElseMilliseconds(String value, long millis) {
        assertThat(settings("T", value).timeout("T", Duration.ofSeconds(10))).isEqualTo(Duration.ofMillis(millis));
        assertThat(warnings).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0", "-3", "ten", "NaN", "Infinity"})
    void badTimeoutIsWarnedOf(String value) {
        assertThat(settings("T", value).timeout("T", Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(10));
        assertThat(warnings).hasSize(1);
    }

    @Test
    void applicationOverridesEngine() {
        assertThat(Settings.overlay(
                        Map.of("OTEL_TRACES_EXPORTER", "console", "OTEL_BSP_SCHEDULE_DELAY", "5", "HOME", "/root"),
                        Map.of("OTEL_TRACES_EXPORTER", "none")))
                .containsOnly(entry("OTEL_TRACES_EXPORTER", "none"), entry("OTEL_BSP_SCHEDULE_DELAY", "5"));
    }

    @Test
    void engineCredentialsNeverGoToAnEndpointOfTheApplication() {
        Map<String, String> engine = Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector",
                "OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret");

        assertThat(Settings.overlay(engine, Map.of())).isEqualTo(engine);
        assertThat(Settings.overlay(engine, Map.of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://elsewhere")))
                .containsOnlyKeys("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    }
}
