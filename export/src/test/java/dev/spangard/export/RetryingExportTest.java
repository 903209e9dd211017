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
    private final RetryingExport exports = new RetryingExport("shop, test", RETRY, TIMEOUT, agenda);
    private final FakeParcel parcel = new FakeParcel();

    private static class FakeParcel implements RetryingExport.Parcel {
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
        public void arrived(ExportResult result) {
            results.add(result);
        }

        @Override
        public void unanswered() {
            silences++;
        }

        @Override
        public void late(ExportResult result) {
            late.add(result);
        }
    }

    @Test
    void tellsOfADeliveryOnceTheAnswerHasCome() {
        exports.deliver(parcel);
        agenda.advance(TIMEOUT.minusNanos(1));
        assertThat(parcel.results).isEmpty();

        parcel.tried().succeed();
        assertThat(parcel.results).as("on the agenda only").isEmpty();
        agenda.advance(TIMEOUT);

        assertThat(parcel.results).containsExactly(new ExportResult(null, false));
        assertThat(parcel.silences).isZero();
    }

    @Test
    void triesAgainAfterPausesThatDouble() {
        exports.deliver(parcel);
        for (int pause : new int[] {2, 4, 8, 8}) {
            parcel.tried().failExceptionally(passes);
            agenda.advance(Duration.ofSeconds(pause).minusNanos(1));
            assertThat(parcel.tries).isEmpty();
            agenda.advance(Duration.ofNanos(1));
        }
        parcel.tried().succeed();
        agenda.run();

        assertThat(parcel.results).containsExactly(new ExportResult(null, false));
    }

    @Test
    void waitsAsLongAsTheCollectorAsks() {
        exports.deliver(parcel);

        parcel.tried().failExceptionally(ExportException.answered("429", "429", true, Duration.ofSeconds(20)));
        agenda.advance(Duration.ofSeconds(22).minusNanos(1));
        assertThat(parcel.tries).isEmpty();
        agenda.advance(Duration.ofNanos(1));

        assertThat(parcel.tries).hasSize(1);
    }

    @Test
    void waitsForNoAnswerBeyondItsTimeAndTellsOfALateOne() {
        exports.deliver(parcel);
        CompletableResultCode silent = parcel.tried();
        agenda.advance(TIMEOUT);
        assertThat(parcel.silences).isEqualTo(1);
        assertThat(parcel.late).isEmpty();

        silent.failExceptionally(passes);
        agenda.run();

        assertThat(parcel.late).containsExactly(new ExportResult(passes, false));
        assertThat(parcel.results).isEmpty();
        assertThat(parcel.tries).isEmpty();
    }

    @Test
    void takesAnAnswerThatCameAtTheLastMoment() {
        exports.deliver(parcel);
        agenda.clock.nanoTime += TIMEOUT.toNanos();

        parcel.tried().succeed();
        agenda.run();

        assertThat(parcel.results).containsExactly(new ExportResult(null, false));
        assertThat(parcel.silences).isZero();
    }

    @Test
    void givesAnOldBatchUpWhereNewerOnesNeedItsRoom() {
        parcel.givesWay = true;
        exports.deliver(parcel);
        parcel.tried().failExceptionally(passes);
        agenda.run();
        assertThat(parcel.results).as("young").isEmpty();

        long sinceNanos = agenda.nanoTime();
        while (parcel.results.isEmpty()) {
            agenda.advance(RETRY.longest());
            parcel.tried().failExceptionally(passes);
            agenda.run();
        }

        assertThat(parcel.results).containsExactly(new ExportResult(passes, false));
        assertThat(Duration.ofNanos(agenda.nanoTime() - sinceNanos))
                .isBetween(RETRY.givesWayAfter(), RETRY.givesWayAfter().plus(RETRY.longest()));
    }

    @Test
    void triesOnceMoreAtOnceWhenItIsClosedAndThenAsLongAsThereIsTime() {
        exports.deliver(parcel);
        parcel.tried().failExceptionally(passes);
        agenda.run();
        assertThat(parcel.tries).isEmpty();

        exports.close(agenda.nanoTime() + Duration.ofSeconds(5).toNanos());
        agenda.run();
        parcel.tried().failExceptionally(passes);
        agenda.advance(Duration.ofSeconds(2));
        parcel.tried().failExceptionally(passes);
        agenda.advance(Duration.ofSeconds(3).minusNanos(1));
        // The first pause again, as its tries since the end are counted: it has had another since.
        while (!parcel.tries.isEmpty()) {
            parcel.tried().failExceptionally(passes);
            agenda.run();
        }
        assertThat(parcel.results).isEmpty();
        agenda.advance(Duration.ofNanos(1));

        assertThat(parcel.results).containsExactly(new ExportResult(passes, true));
    }

    @Test
    void triesOnceMoreAtOnceWhatFailsThatWasUnderWayWhenItWasClosed() {
        exports.deliver(parcel);
        exports.close(agenda.nanoTime() + Duration.ofSeconds(5).toNanos());
        agenda.run();

        parcel.tried().failExceptionally(passes);
        agenda.run();

        assertThat(parcel.tries).hasSize(1);
    }

    @Test
    void waitsForNoAnswerBeyondTheEnd() {
        exports.deliver(parcel);
        exports.close(agenda.nanoTime() + Duration.ofSeconds(5).toNanos());

        agenda.advance(Duration.ofSeconds(5).minusNanos(1));
        assertThat(parcel.silences).isZero();
        agenda.advance(Duration.ofNanos(1));

        assertThat(parcel.silences).isEqualTo(1);
    }

    @Test
    void givesUpWhatThrows() {
        var bug = new IllegalStateException("a bug");
        var odd = new FakeParcel() {
            @Override
            public CompletableResultCode attempt() {
                throw bug;
            }
        };

        exports.deliver(odd);

        assertThat(odd.results).containsExactly(new ExportResult(bug, false));
    }
}
