// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the {@code upstream} profile makes of an exception that left the application. */
final class UpstreamExceptionsTest extends UpstreamCollector {
    @Test
    void tellsAnExceptionAsThePythonSdkDoes() {
        Failure failure = new Failure("shop.errors.Sold", "out", "Traceback …", false);

        SpanData span = ended(SemconvMode.STABLE, PLAIN, result(null, failure, null));

        assertThat(span.getStatus()).isEqualTo(StatusData.create(StatusCode.ERROR, "Sold: out"));
        assertThat(map(span.getEvents().getFirst().getAttributes()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "exception.type", "shop.errors.Sold",
                        "exception.message", "out",
                        "exception.stacktrace", "Traceback …",
                        "exception.escaped", "False"));
        assertThat(map(span.getAttributes())).doesNotContainKey("error.type");
    }

    @ParameterizedTest
    @CsvSource({"out, 1", "another, 2"})
    void tellsAnExceptionOnceThatTheApplicationRecordedAndRaised(String recorded, int events) {
        Attributes facts = Attributes.builder()
                .put("exception.type", "shop.errors.Sold")
                .put("exception.message", recorded)
                .put("shop.item", 7)
                .build();
        ApplicationSpan application = new ApplicationSpan(
                null,
                Attributes.empty(),
                List.of(new ApplicationSpan.Event("exception", START + MS, facts)),
                StatusCode.UNSET,
                null,
                List.of());
        Failure failure = new Failure("shop.errors.Sold", "out", "Traceback …", false);

        SpanData span = ended(SemconvMode.OLD, PLAIN, result(null, failure, application));

        assertThat(span.getEvents()).hasSize(events);
        assertThat(span.getEvents().getFirst().getAttributes()).isEqualTo(facts);
        assertThat(span.getStatus()).isEqualTo(StatusData.create(StatusCode.ERROR, "Sold: out"));
    }

    @Test
    void leavesTheStatusAloneWhenTheExceptionCameAfterTheResponse() {
        UpstreamResult late = new UpstreamResult(
                START + MS,
                START + 2 * MS,
                null,
                UpstreamStatus.of(200),
                0,
                0,
                List.of(),
                new Failure("ValueError", "late", "", false),
                false,
                false,
                null,
                null);

        SpanData span = ended(SemconvMode.OLD, PLAIN, late);

        assertThat(span.getStatus()).isEqualTo(StatusData.unset());
        assertThat(span.getEvents())
                .singleElement()
                .satisfies(event -> assertThat(event.getName()).isEqualTo("exception"));
    }
}
