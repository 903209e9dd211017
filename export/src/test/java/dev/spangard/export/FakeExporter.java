// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Holds each batch until the test answers. */
final class FakeExporter implements SpanExporter {
    record Call(int spans, CompletableResultCode result) {
        void answer(boolean delivered) {
            if (delivered) {
                result.succeed();
            } else {
                result.fail();
            }
        }

        void fail(Throwable why) {
            result.failExceptionally(why);
        }
    }

    final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    private final Queue<Call> all = new ConcurrentLinkedQueue<>();
    final AtomicBoolean throwOnce = new AtomicBoolean();
    volatile boolean isShutDown;
    /** Run by the answer to the next export, before anybody else hears of it. */
    volatile Runnable inAnswer = () -> {};
    /** The queue's thread. */
    volatile Thread calledBy = Thread.currentThread();

    private volatile boolean succeeds;
    private volatile @Nullable Throwable fails;

    /** Of another thread. */
    Call await() throws InterruptedException {
        Call call = calls.poll(20, TimeUnit.SECONDS);
        assertThat(call).as("an export within 20 s").isNotNull();
        return Objects.requireNonNull(call);
    }

    /** That has been made. */
    Call next() {
        Call call = calls.poll();
        assertThat(call).as("an export").isNotNull();
        return Objects.requireNonNull(call);
    }

    void failFromNowOn(Throwable failure) {
        fails = failure;
    }

    void succeedFromNowOn() {
        fails = null;
        succeeds = true;
        all.forEach(call -> call.answer(true));
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        if (throwOnce.getAndSet(false)) {
            throw new IllegalStateException("exporter bug");
        }
        var call = new Call(spans.size(), new CompletableResultCode());
        calledBy = Thread.currentThread();
        Runnable once = inAnswer;
        inAnswer = () -> {};
        call.result.whenComplete(once);
        all.add(call);
        calls.add(call);
        Throwable failure = fails;
        if (failure != null) {
            call.result.failExceptionally(failure);
        }
        if (succeeds) {
            call.answer(true);
        }
        return call.result;
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        isShutDown = true;
        return CompletableResultCode.ofSuccess();
    }
}
