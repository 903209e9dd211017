// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;

/**
 * A span as it waits for its export, and the messages of which it will be a part. Immutable.
 *
 * @param span one {@code ScopeSpans.spans}, its tag included; not changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record EncodedSpan(Resource resource, InstrumentationScopeInfo scope, byte[] span) {
    /** What its object, its array's head and its place in a queue take, as a JVM of less than 32 GB lays them out. */
    private static final int OBJECT_BYTES = 72;

    /** Encodes a span, on any thread. */
    static EncodedSpan of(SpanData span) {
        return new EncodedSpan(
                span.getResource(),
                span.getInstrumentationScopeInfo(),
                SpanEncoder.ofThisThread().encode(span));
    }

    /** About how many bytes of memory it holds. */
    int bytes() {
        return span.length + OBJECT_BYTES;
    }
}
