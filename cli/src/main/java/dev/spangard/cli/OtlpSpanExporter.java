// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.concurrent.CompletionException;

/**
 * Spans by OTLP, one try a call, with the fate of each batch told in full: it is {@link SpanQueue} that tries again. The
 * SDK's exporters say success where a collector rejects a part, give up after five tries within eight seconds, and do
 * not look at Retry-After.
 *
 * <p>{@link #export} is called by one thread at a time; failures are {@link NotDelivered}.
 */
final class OtlpSpanExporter implements SpanExporter {
    private final String target;
    private final OtlpSender sender;
    private final SpanEncoder encoder = new SpanEncoder();

    /** @param target for messages: no secrets */
    OtlpSpanExporter(String target, OtlpSender sender) {
        this.target = target;
        this.sender = sender;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        var result = new CompletableResultCode();
        // What comes of it is all in the result.
        var _ = sender.send(TraceRequest.encode(spans, encoder)).whenComplete((response, failure) -> {
            if (failure != null) {
                Throwable cause = failure.getCause();
                result.failExceptionally(failure instanceof CompletionException && cause != null ? cause : failure);
                return;
            }
            PartialSuccess said = PartialSuccess.read(response);
            if (said.rejected() == 0) {
                result.succeed();
            } else {
                result.failExceptionally(NotDelivered.inPart(
                        "the collector rejects spans: " + Settings.shortened(said.message()),
                        Math.min(said.rejected(), spans.size())));
            }
        });
        return result;
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        sender.close();
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public String toString() {
        return "OtlpSpanExporter{" + target + '}';
    }
}
