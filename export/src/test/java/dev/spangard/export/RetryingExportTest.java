// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.export.RetryingExport.ExportResult;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Nothing here waits, and no thread but the test's takes part. */
final class RetryingExportTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final Retry RETRY =
            new Retry(Duration.ofSeconds(2), Duration.ofSeconds(8), Duration.ofSeconds(60), Duration.ofMinutes(5));
    private final ExportException passes = ExportException.answered("503", "503", true, null);
    /** The middle of every range. */
    private static final RandomGenerator MIDDLE = new RandomGenerator() {
        @Override
        public long nextLong() {
            return 0;
        }

        @Override
        public double nextDouble(double from, double to) {
            return (from + to) / 2;
        }
    };

    private final TestAgenda agenda = new TestAgenda(new TestAgenda.Clock(), MIDDLE);
    private final RetryingExport exports = new RetryingExport(
            new ExportFailureLog("shop, test", "span"), RETRY, TIMEOUT, agenda, new ShutdownDeadline());
    private final FakeDelivery delivery = new FakeDelivery();

    private static class FakeDelivery implements RetryingExport.Delivery {
        final Queue<CompletableResultCode> tries = new ArrayDeque<>();
        final List<ExportResult> results = new ArrayList<>();
        final List<ExportResult> late = new ArrayList<>();
        int silences;
        boolean givesWay;

        CompletableResultCode tried() {
            CompletableResultCode result = tries.poll();
            assertThat(result).as("a try").isNotNull();
            return result == null ? new CompletableResultCode() : result;
        }

        @Override
        public CompletableResultCode attempt() {
            var result = new CompletableResultCode();
            tries.add(result);
            return result;
        }

        @Override
        public boolean givesWay() {
            return givesWay;
        }

        @Override
        public void ended(ExportResult result) {
            results.add(result);
        }

        @Override
        public void unanswered() {
            silences++;
        }

        @Override
        public void answeredLate(ExportResult result) {
            late.add(result);
        }
    }

    @Test
    void tellsOfADeliveryOnceTheAnswerHasCome() {
        exports.deliver(delivery);
        agenda.advance(TIMEOUT.minusNanos(1));
        assertThat(delivery.results).isEmpty();

        delivery.tried().succeed();
        assertThat(delivery.results).as("on the agenda only").isEmpty();
        agenda.advance(TIMEOUT);

        assertThat(delivery.results).containsExactly(new ExportResult(null, false));
        assertThat(delivery.silences).isZero();
    }

    @Test
    void triesAgainAfterPausesThatDouble() {
        exports.deliver(delivery);
        for (int pause : new int[] {2, 4, 8, 8}) {
            delivery.tried().failExceptionally(passes);
            agenda.advance(Duration.ofSeconds(pause).minusNanos(1));
            assertThat(delivery.tries).isEmpty();
            agenda.advance(Duration.ofNanos(1));
        }
        delivery.tried().succeed();
        agenda.run();

        assertThat(delivery.results).containsExactly(new ExportResult(null, false));
    }

    @Test
    void waitsAsLongAsTheCollectorAsks() {
        exports.deliver(delivery);

        delivery.tried().failExceptionally(ExportException.answered("429", "429", true, Duration.ofSeconds(20)));
        agenda.advance(Duration.ofSeconds(22).minusNanos(1));
        assertThat(delivery.tries).isEmpty();
        agenda.advance(Duration.ofNanos(1));

        assertThat(delivery.tries).hasSize(1);
    }

    @Test
    void waitsForNoAnswerBeyondItsTimeAndTellsOfALateOne() {
        exports.deliver(delivery);
        CompletableResultCode silent = delivery.tried();
        agenda.advance(TIMEOUT);
        assertThat(delivery.silences).isEqualTo(1);
        assertThat(delivery.late).isEmpty();

        silent.failExceptionally(passes);
        agenda.run();

        assertThat(delivery.late).containsExactly(new ExportResult(passes, false));
        assertThat(delivery.results).isEmpty();
        assertThat(delivery.tries).isEmpty();
    }

    @Test
    void takesAnAnswerThatCameAtTheLastMoment() {
        exports.deliver(delivery);
        agenda.clock.nanoTime += TIMEOUT.toNanos();

        delivery.tried().succeed();
        agenda.run();

        assertThat(delivery.results).containsExactly(new ExportResult(null, false));
        assertThat(delivery.silences).isZero();
    }

    @Test
    void givesAnOldBatchUpWhereNewerOnesNeedItsRoom() {
        delivery.givesWay = true;
        exports.deliver(delivery);
        delivery.tried().failExceptionally(passes);
        agenda.run();
        assertThat(delivery.results).as("young").isEmpty();

        long sinceNanos = agenda.nanoTime();
        while (delivery.results.isEmpty()) {
            agenda.advance(RETRY.longest());
            delivery.tried().failExceptionally(passes);
            agenda.run();
        }

        assertThat(delivery.results).containsExactly(new ExportResult(passes, false));
        assertThat(Duration.ofNanos(agenda.nanoTime() - sinceNanos))
                .isBetween(RETRY.givesWayAfter(), RETRY.givesWayAfter().plus(RETRY.longest()));
    }

    @Test
    void triesOnceMoreAtOnceWhenItIsClosedAndThenAsLongAsThereIsTime() {
        exports.deliver(delivery);
        delivery.tried().failExceptionally(passes);
        agenda.run();
        assertThat(delivery.tries).isEmpty();

        exports.close(agenda.nanoTime() + Duration.ofSeconds(5).toNanos());
        agenda.run();
        delivery.tried().failExceptionally(passes);
        agenda.advance(Duration.ofSeconds(2));
        delivery.tried().failExceptionally(passes);
        agenda.advance(Duration.ofSeconds(3).minusNanos(1));
        // The first pause again, as its tries since the end are counted: it has had another since.
        while (!delivery.tries.isEmpty()) {
            delivery.tried().failExceptionally(passes);
            agenda.run();
        }
        assertThat(delivery.results).isEmpty();
        agenda.advance(Duration.ofNanos(1));

        assertThat(delivery.results).containsExactly(new ExportResult(passes, true));
    }

    @Test
    void triesOnceMoreAtOnceWhatFailsThatWasUnderWayWhenItWasClosed() {
        exports.deliver(delivery);
        exports.close(agenda.nanoTime() + Duration.ofSeconds(5).toNanos());
        agenda.run();

        delivery.tried().failExceptionally(passes);
        agenda.run();

        assertThat(delivery.tries).hasSize(1);
    }

    @Test
    void waitsForNoAnswerBeyondTheEnd() {
        exports.deliver(delivery);
        exports.close(agenda.nanoTime() + Duration.ofSeconds(5).toNanos());

        agenda.advance(Duration.ofSeconds(5).minusNanos(1));
        assertThat(delivery.silences).isZero();
        agenda.advance(Duration.ofNanos(1));

        assertThat(delivery.silences).isEqualTo(1);
    }

    @Test
    void givesUpWhatThrows() {
        var bug = new IllegalStateException("a bug");
        var odd = new FakeDelivery() {
            @Override
            public CompletableResultCode attempt() {
                throw bug;
            }
        };

        exports.deliver(odd);

        assertThat(odd.results).containsExactly(new ExportResult(bug, false));
    }
}
