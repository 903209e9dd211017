// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.ServiceAccounts;
import dev.spangard.books.SignalAccounts;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;

/**
 * Stands for an exporter where nobody wants spans: each is delivered to nobody at once, so that the accounts close as
 * with one. Called on the threads that end spans.
 */
public record NoExporter(ServiceAccounts accounts) implements SpanProcessor {
    @Override
    public void onStart(Context parentContext, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
        return false;
    }

    @Override
    public void onEnd(ReadableSpan span) {
        delivered(accounts);
    }

    /** Takes a span of an application's own. */
    public void onApiSpan() {
        delivered(accounts.spans());
    }

    private static void delivered(SignalAccounts to) {
        to.exportStarts(1);
        to.exportEnded(1, 1);
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }
}
