// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.testing.trace.TestSpanData;
import io.opentelemetry.sdk.trace.data.StatusData;

/** Spans for tests. */
final class TestSpans {
    static final SpanContext CONTEXT = SpanContext.create(
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "00f067aa0ba902b7",
            TraceFlags.getSampled(),
            TraceState.builder().put("rojo", "00f").put("k", "v").build());

    private TestSpans() {}

    static TestSpanData.Builder server(Attributes attributes) {
        return TestSpanData.builder()
                .setName("GET /items/{item_id}")
                .setKind(SpanKind.SERVER)
                .setSpanContext(CONTEXT)
                .setStatus(StatusData.unset())
                .setAttributes(attributes)
                .setHasEnded(true)
                .setStartEpochNanos(1_700_000_000_000_001_000L)
                .setEndEpochNanos(1_700_000_001_500_000_999L);
    }
}
