// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A user's processor that, when a span ends, waits for another thread to do something. */
final class EndingProcessor implements SpanProcessor {
    private final Runnable elsewhere;
    /** The other thread was done in time. */
    boolean ran;

    EndingProcessor(Runnable elsewhere) {
        this.elsewhere = elsewhere;
    }

    @Override
    public void onEnd(ReadableSpan span) {
        CompletableFuture.runAsync(elsewhere).orTimeout(5, TimeUnit.SECONDS).join();
        ran = true;
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }

    @Override
    public void onStart(Context parentContext, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
        return false;
    }
}
