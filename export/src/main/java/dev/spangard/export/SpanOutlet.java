// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.trace.data.SpanData;

/**
 * Where the spans of a {@link SpanQueue} go, and in which form they wait for it. Thread-safe.
 *
 * @param <W> the form in which a span waits
 */
interface SpanOutlet<W> extends Outlet<W> {
    /** Makes of a span what is to wait. Called on the thread that ended the span. */
    W prepare(SpanData span);

    @Override
    default String item() {
        return "span";
    }
}
