// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import com.sun.management.ThreadMXBean;
import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import dev.spangard.books.RecorderCounts;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.books.SignalAccounts;
import dev.spangard.telemetry.SemconvMode;
import dev.spangard.telemetry.SeriesLimit;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.UpstreamTelemetry;
import dev.spangard.wire.BudgetException;
import dev.spangard.wire.ByteBudget;
import dev.spangard.wire.FrameAssembler;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fuzz target: whatever a recorder writes after its HELLO ends in {@link MalformedException} or {@link BudgetException} at
 * worst, allocates in proportion to what is there, holds no more than its budgets, and leaves the accounts exact: each
 * finished record became a span, was measured, or was dropped for a reason, and so did each span of an application's. {@code ./dev fuzz} runs it coverage-guided,
 * {@link RecordCorpusTest} with what is in the corpus.
 */
public final class RecordFuzz {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long ALLOWANCE_BYTES = 1 << 20;

    private static final long OPEN_BYTES = 64 << 10;
    private static final RecordFuzz TARGET = new RecordFuzz();

    private final AtomicLong spans = new AtomicLong();
    private final AtomicLong apiSpans = new AtomicLong();
    private final RecordedIds ids = new RecordedIds();
    private final Service service;
    private final Ledger ledger;

    private RecordFuzz() {
        SpanProcessor counting = new SpanProcessor() {
            @Override
            public void onStart(Context parent, ReadWriteSpan span) {}

            @Override
            public boolean isStartRequired() {
                return false;
            }

            @Override
            public void onEnd(ReadableSpan span) {
                spans.incrementAndGet();
            }

            @Override
            public boolean isEndRequired() {
                return true;
            }
        };
        OpenTelemetry otel = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .setIdGenerator(ids)
                        // As the engine's: the recorder has decided, whatever the trace's flags say.
                        .setSampler(Sampler.alwaysOn())
                        .addSpanProcessor(counting)
                        .build())
                .setMeterProvider(SdkMeterProvider.builder()
                        .registerMetricReader(InMemoryMetricReader.create())
                        .build())
                .build();
        try {
            ledger = Ledger.open(Files.createTempDirectory("spangard-fuzz").resolve("engine.sock"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // The children of a request are no requests, and not counted.
        UpstreamTelemetry upstream = UpstreamTelemetry.create(
                otel, TracerProvider.noop(), SemconvMode.BOTH, false, TelemetryOptions.DEFAULTS, SeriesLimit.NONE);
        service = new Service(
                Telemetry.create(otel, TelemetryOptions.DEFAULTS),
                upstream,
                ledger.accounts("fuzz"),
                Resource.empty(),
                span -> apiSpans.incrementAndGet());
    }

    private static final Hello HELLO = new Hello(
            1,
            0,
            0,
            0,
            Hello.SpanCounts.NONE,
            new Hello.WorkerProcess(1, "i", null, null, null, null, null, null, null, null, null),
            Map.of());

    /** Jazzer's entry. The first byte says whether there is time for spans, and how the recorder leaves. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length == 0) {
            return;
        }
        long bound = ALLOWANCE_BYTES + 512L * data.length;
        // The first time may load classes, and the fuzzer may instrument them.
        long allocated = TARGET.run(data) <= bound ? 0 : TARGET.run(data);
        if (allocated > bound) {
            throw new AssertionError(allocated + " bytes allocated for " + data.length);
        }
    }

    /** Returns the bytes allocated. */
    private long run(byte[] data) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        ServiceAccounts accounts = service.accounts();
        long received = accounts.received();
        long settled = settled(accounts);
        long receivedSpans = accounts.spans().received();
        long settledSpans = settledSpans(accounts.spans());
        ByteBudget large = new ByteBudget(1 << 20);
        ByteBudget open = new ByteBudget(OPEN_BYTES);
        FrameAssembler frames = new FrameAssembler(large);
        MarshalReader reader = new MarshalReader();
        RecorderCounts line = ledger.recorder(1, accounts, false);
        var counters = new IntakeCounters();
        OverloadDetector overload = (data[0] & 1) != 0 ? OverloadDetectorTest.strained() : new OverloadDetector();
        RecordReader records = new RecordReader(
                service,
                line,
                ids.slot(),
                counters,
                new OpenRequests(8, service.telemetry()::conversation, open),
                overload);
        var session = new RecorderSession(ledger, HELLO, line, records, accounts);
        try {
            for (int from = 1; from < data.length && !session.saidGoodbye(); ) {
                ByteBuffer space = frames.space();
                int bytes = Math.min(space.remaining(), data.length - from);
                space.put(data, from, bytes);
                from += bytes;
                while (!session.saidGoodbye() && frames.next(reader)) {
                    session.read(reader);
                }
            }
        } catch (MalformedException | BudgetException e) {
            // It would be cut off here.
        }
        if (open.taken() > OPEN_BYTES || large.taken() > 1 << 20) {
            throw new AssertionError("held: " + open.taken() + " and " + large.taken());
        }
        session.end((data[0] & 2) != 0, 1_700_000_000_000_000_000L);
        frames.close();
        if (open.taken() != 0 || large.taken() != 0) {
            throw new AssertionError("kept: " + open.taken() + " and " + large.taken());
        }
        if (counters.failedRecords.sum() != 0) {
            throw new AssertionError("the engine failed at a record: its log says why");
        }
        if (accounts.balance().queuedAtRecorders() < 0
                || accounts.spans().balance().queuedAtRecorders() < 0) {
            throw new AssertionError(accounts.balance());
        }
        received = accounts.received() - received;
        settled = settled(accounts) - settled;
        if (received != settled) {
            throw new AssertionError(received + " records read, of which " + settled + " are accounted for");
        }
        receivedSpans = accounts.spans().received() - receivedSpans;
        settledSpans = settledSpans(accounts.spans()) - settledSpans;
        if (receivedSpans != settledSpans) {
            throw new AssertionError(receivedSpans + " spans read, of which " + settledSpans + " are accounted for");
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private long settledSpans(SignalAccounts accounts) {
        return apiSpans.get() + accounts.dropped(DropReason.MALFORMED) + accounts.dropped(DropReason.INTAKE);
    }

    private long settled(ServiceAccounts accounts) {
        return spans.get()
                + accounts.measured()
                + accounts.dropped(DropReason.MALFORMED)
                + accounts.dropped(DropReason.INTAKE);
    }
}
