// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Counts;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpanQueueTest extends TestedBatchQueue {
    @Test
    void exportsSpansOfMessagesLikeAnyAndCountsThemAsNoRequest() {
        start(4, 4, LONG, LONG, LONG);
        Tracer messages = messages();
        messages.spanBuilder("receive").startSpan().end();
        end(1);
        messages.spanBuilder("send").startSpan().end();
        messages.spanBuilder("send").startSpan().end();

        assertThat(next().spans()).isEqualTo(4);
        assertThat(outcomes.requests).hasValue(1);
    }

    @Test
    void countsTheRequestsAmongWhatFindsTheQueueFull() {
        start(4, 4, LONG, LONG, LONG);
        end(4);
        next();
        end(4);

        messages().spanBuilder("send").startSpan().end();
        end(1);

        assertThat(outcomes.spans(ExportOutcome.QUEUE_FULL)).isEqualTo(2);
        assertThat(outcomes.requestsLost).hasValue(1);
    }

    /** Else the request would be read, and in no book. */
    @Test
    void countsASpanThatCannotBePreparedAndDoesNotThrow() {
        var odd = new SpanOutlet<Integer>() {
            @Override
            public Integer prepare(SpanData span) {
                throw new IllegalStateException("a bug in the encoder");
            }

            @Override
            public int bytes(Integer waiting) {
                return waiting;
            }

            @Override
            public Handed export(List<Integer> batch, Counts counts) {
                return Handed.KEPT;
            }

            @Override
            public String exported() {
                return "exported";
            }

            @Override
            public CompletableResultCode shutdown(long byNanoTime) {
                return CompletableResultCode.ofSuccess();
            }
        };
        queue = new SpanQueue<>("shop, test", agenda, odd, BatchQueueOptions.DEFAULTS, memory, outcomes);
        provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();

        end(1);

        assertThat(failed()).isEqualTo(1);
        assertThat(outcomes.requestsLost).hasValue(1);
        assertThat(queue.queued()).isZero();
    }
}
