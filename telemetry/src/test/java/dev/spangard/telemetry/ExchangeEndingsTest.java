// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;
import static dev.spangard.telemetry.Requests.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How an HTTP request may end, and which of these ends are errors. */
final class ExchangeEndingsTest {
    private static final long MS = 1_000_000;

    private final Collector collector = new Collector();

    @Test
    void callsAServerErrorAnError() {
        end(collector.plain(503), START);

        collector.assertError("503", 503);
    }

    @Test
    void staysUnsetUpTo499() {
        end(collector.plain(499), START);

        assertThat(collector.span().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(attribute("error.type")).isNull();
    }

    @Test
    void keepsImpossibleStatusCodesFromBecomingErrorTypes() {
        end(collector.plain(60_000), START);

        collector.assertError("_OTHER", 60_000);
    }

    @Test
    void says500ForAnExceptionBeforeTheResponse() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.failed(new Failure("shop.OutOfStock", "nothing left", "Traceback …", false));
        exchange.end(Context.root(), START + 5 * MS);

        collector.assertError("shop.OutOfStock", 500);
        assertThat(collector.span().getEvents()).singleElement().satisfies(event -> {
            assertThat(event.getName()).isEqualTo("exception");
            assertThat(event.getEpochNanos()).isEqualTo(START + 5 * MS);
            assertThat(event.getAttributes())
                    .isEqualTo(Attributes.builder()
                            .put("exception.type", "shop.OutOfStock")
                            .put("exception.message", "nothing left")
                            .put("exception.stacktrace", "Traceback …")
                            .build());
        });
    }

    @Test
    void tellsAnExceptionOnceThatTheApplicationRecordedItself() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.application(new ApplicationSpan(
                null,
                Attributes.empty(),
                List.of(
                        recorded("KeyError", "nothing left"),
                        recorded("shop.OutOfStock", "something else"),
                        recorded("shop.OutOfStock", "nothing left")),
                StatusCode.UNSET,
                null,
                List.of()));
        exchange.failed(new Failure("shop.OutOfStock", "nothing left", "Traceback …", false));
        exchange.end(Context.root(), START);

        collector.assertError("shop.OutOfStock", 500);
        assertThat(collector.span().getEvents()).hasSize(3);
    }

    @Test
    void tellsAnotherExceptionThanTheApplicationRecorded() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.application(new ApplicationSpan(
                null,
                Attributes.empty(),
                List.of(recorded("KeyError", "nothing left"), recorded("shop.OutOfStock", "something else")),
                StatusCode.UNSET,
                null,
                List.of()));
        exchange.failed(new Failure("shop.OutOfStock", "nothing left", "Traceback …", false));
        exchange.end(Context.root(), START);

        assertThat(collector.span().getEvents()).hasSize(3);
    }

    private static ApplicationSpan.Event recorded(String type, String message) {
        Attributes attributes = Attributes.builder()
                .put("exception.type", type)
                .put("exception.message", message)
                .build();
        return new ApplicationSpan.Event("exception", null, attributes);
    }

    @Test
    void keepsTheStatusSentBeforeAnException() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.conversation().responseStarted();
        exchange.conversation().status(200);
        exchange.failed(new Failure("ValueError", "", "", false));
        exchange.end(Context.root(), START);

        collector.assertError("ValueError", 200);
    }

    @Test
    void tellsOfAnExceptionAfterTheResponse() {
        Exchange exchange = collector.plain(200);
        exchange.failed(new Failure("ValueError", "in the background", "", false));
        exchange.end(Context.root(), START + 90 * MS);

        collector.assertError("ValueError", 200);
        assertThat(collector.span().getEndEpochNanos()).isEqualTo(START + 12 * MS);
        assertThat(collector.span().getEvents()).hasSize(1);
    }

    @Test
    void says500WhenTheApplicationReturnsWithoutAnswering() {
        end(collector.telemetry.exchange(Requests.get(), START), START);

        collector.assertError("500", 500);
    }

    @Test
    void callsAHalfSentResponseIncomplete() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.conversation().responseStarted();
        exchange.conversation().status(200);
        exchange.conversation().responseBody(START, 5, false);
        end(exchange, START + MS);

        collector.assertError("response_incomplete", 200);
    }

    @Test
    void noticesAClientThatLeavesBeforeTheResponse() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.conversation().left(START);
        end(exchange, START);

        collector.assertError("client_disconnected", 0);
        assertThat(attribute("spangard.client.disconnected")).isEqualTo(true);
    }

    @Test
    void noticesAClientThatLeavesInTheMiddle() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.conversation().responseStarted();
        exchange.conversation().status(201);
        exchange.conversation().left(START);
        end(exchange, START);

        collector.assertError("client_disconnected", 201);
    }

    @Test
    void thinksNothingOfADisconnectAfterTheResponse() {
        Exchange exchange = collector.plain(200);
        exchange.conversation().left(START);
        end(exchange, START);

        assertThat(collector.span().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(attribute("spangard.client.disconnected")).isNull();
    }

    @Test
    void tellsCancellationFromFailure() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.failed(new Failure("asyncio.exceptions.CancelledError", "", "", true));
        end(exchange, START);

        collector.assertError("cancelled", 0);
    }

    @Test
    void blamesTheClientForACancellationItCaused() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.conversation().left(START);
        exchange.failed(new Failure("asyncio.exceptions.CancelledError", "", "", true));
        end(exchange, START);

        collector.assertError("client_disconnected", 0);
    }

    @Test
    void findsNoErrorInACancellationAfterTheResponse() {
        Exchange exchange = collector.plain(200);
        exchange.failed(new Failure("asyncio.exceptions.CancelledError", "", "", true));
        end(exchange, START);

        assertThat(collector.span().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    }

    @Test
    void saysThatTheWorkerDied() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.workerEnded(Exchange.WORKER_DIED);
        end(exchange, START);

        collector.assertError("worker_died", 0);
    }

    @Test
    void saysThatTheWorkerEndedInGoodOrder() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        exchange.workerEnded(Exchange.WORKER_EXITED);
        end(exchange, START);

        collector.assertError("worker_exited", 0);
    }

    @Test
    void ignoresWhatIsSentBeforeTheStartAndAfterTheEnd() {
        Exchange exchange = collector.telemetry.exchange(Requests.get(), START);
        Conversation said = exchange.conversation();
        said.responseBody(START, 100, true);
        said.responseStarted();
        said.status(200);
        said.responseBody(START + MS, 1, false);
        said.responseBody(START + 2 * MS, 2, true);
        said.responseBody(START + 3 * MS, 1000, true);
        end(exchange, START + 9 * MS);

        assertThat(attribute("http.response.body.size")).isEqualTo(3L);
        assertThat(attribute("spangard.response.chunks")).isEqualTo(2L);
        assertThat(attribute("spangard.response.streaming_time")).isEqualTo(0.001);
        assertThat(collector.span().getEndEpochNanos()).isEqualTo(START + 2 * MS);
    }

    private @Nullable Object attribute(String name) {
        return collector.attribute(name);
    }
}
