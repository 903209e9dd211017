// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.export.MemoryLimit;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import org.junit.jupiter.api.Test;

final class ServiceSeriesLimitTest {
    private static Attributes series(int route) {
        return route("/" + route);
    }

    private static Attributes route(String route) {
        return Attributes.of(AttributeKey.stringKey("http.route"), route);
    }

    private static int admitted(ServiceSeriesLimit series, int tried) {
        int admitted = 0;
        for (int i = 0; i < tried; i++) {
            admitted += series.admitted(series(i)).equals(series(i)) ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void remembersNoMoreThanTheInstrumentsMayHave() {
        var series = new ServiceSeriesLimit(5, 1, new MemoryLimit(1 << 20));
        assertThat(admitted(series, 20)).isEqualTo(20);
        assertThat(series.admitted(series(20))).isEqualTo(ServiceSeriesLimit.OVERFLOW);
        assertThat(series.admitted(series(0))).isEqualTo(series(0));
    }

    @Test
    void givesBackTheObjectThatCame() {
        var series = new ServiceSeriesLimit(5, 1, new MemoryLimit(1 << 20));
        Attributes same = series(1);
        assertThat(series.admitted(same)).isSameAs(same);
        assertThat(series.admitted(same)).isSameAs(same);
    }

    /** A service takes no more than is then still free. */
    @Test
    void admitsWhatFitsIntoTheMemoryThatAllShare() {
        int each = 3 * ServiceSeriesLimit.HISTOGRAM_BYTES + 100 + 4 * 2;
        var memory = new MemoryLimit(8L * each);
        var first = new ServiceSeriesLimit(2000, 1, memory);
        var second = new ServiceSeriesLimit(2000, 1, memory);
        assertThat(admitted(first, 9)).isEqualTo(4);
        assertThat(admitted(second, 9)).isEqualTo(2);

        first.close();
        assertThat(admitted(second, 9)).isEqualTo(4);
        second.close();
        assertThat(memory.held()).isZero();
    }

    @Test
    void countsLongTextsAndEveryReader() {
        int plain = 3 * ServiceSeriesLimit.HISTOGRAM_BYTES + 100 + 4 * 1000;
        String text = "x".repeat(1000);
        assertThat(new ServiceSeriesLimit(9, 1, new MemoryLimit(2L * plain)).admitted(route(text)))
                .isEqualTo(route(text));
        assertThat(new ServiceSeriesLimit(9, 1, new MemoryLimit(2L * plain)).admitted(route(text + 'x')))
                .isEqualTo(ServiceSeriesLimit.OVERFLOW);
        assertThat(new ServiceSeriesLimit(9, 2, new MemoryLimit(2L * plain)).admitted(route(text)))
                .isEqualTo(ServiceSeriesLimit.OVERFLOW);
    }
}
