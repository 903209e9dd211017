// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.settings.Settings;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.List;
import java.util.concurrent.CompletionException;

/**
 * Sends spans by OTLP, one attempt a call, and says in full what became of each batch: it is {@link BatchQueue} that
 * tries again. The SDK's exporters say success where a collector rejects a part, give up after five attempts within
 * eight seconds, and look at Retry-After over HTTP only.
 *
 * <p>Spans are encoded when they end and wait as bytes: a quarter of what their objects hold, and nothing for the
 * garbage collector to follow. Nothing waits for the collector: results are completed on its client's threads. Failures
 * are {@link ExportException}. Thread-safe.
 */
public final class OtlpOutlet implements SpanOutlet<EncodedSpan> {
    private final String target;
    private final OtlpSender sender;

    /**
     * Sends by this sender, which it closes.
     *
     * @param target where to, as it may be shown: no secrets
     */
    OtlpOutlet(String target, OtlpSender sender) {
        this.target = target;
        this.sender = sender;
    }

    @Override
    public EncodedSpan prepare(SpanData span) {
        return EncodedSpan.of(span);
    }

    @Override
    public int bytes(EncodedSpan waiting) {
        return waiting.bytes();
    }

    @Override
    public Handed export(List<EncodedSpan> batch, Counts counts) {
        return Handed.sent(send(TraceRequest.of(batch), batch.size()));
    }

    /**
     * Sends one request, once.
     *
     * @param spans how many it has
     */
    CompletableResultCode send(byte[] request, int spans) {
        var result = new CompletableResultCode();
        // What comes of it is all in the result.
        var _ = sender.send(request).whenComplete((response, failure) -> {
            if (failure != null) {
                Throwable cause = failure.getCause();
                result.failExceptionally(failure instanceof CompletionException && cause != null ? cause : failure);
                return;
            }
            PartialSuccess said = PartialSuccess.read(response);
            if (said.rejected() == 0) {
                result.succeed();
            } else {
                result.failExceptionally(ExportException.inPart(
                        "the collector rejects spans: " + Settings.shortened(said.message()),
                        Math.min(said.rejected(), spans)));
            }
        });
        return result;
    }

    @Override
    public String destination() {
        return " to " + target;
    }

    @Override
    public String exported() {
        return "exported";
    }

    @Override
    public CompletableResultCode shutdown(long byNanoTime) {
        sender.close();
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public String toString() {
        return "OtlpOutlet{" + target + '}';
    }
}
