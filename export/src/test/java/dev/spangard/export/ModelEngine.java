// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Digest;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.intake.RecordedIds;
import dev.spangard.intake.Service;
import dev.spangard.telemetry.SemconvMode;
import dev.spangard.telemetry.SeriesLimit;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.UpstreamTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An engine without sockets, threads and SDKs of its services: all that keeps books is the engine's own. */
final class ModelEngine {
    /** No record of a model's is of this profile. */
    private static final UpstreamTelemetry UPSTREAM = UpstreamTelemetry.create(
            OpenTelemetry.noop(),
            TracerProvider.noop(),
            SemconvMode.OLD,
            false,
            TelemetryOptions.DEFAULTS,
            SeriesLimit.NONE);

    private static final long UNUSED_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Random random;
    private final TestAgenda.Clock clock;
    private final ModelCollector collector;
    private final BatchQueueOptions options;
    final Ledger ledger;
    final @Nullable Spool spool;
    final ServiceBooks books;
    final RecordedIds ids = new RecordedIds();
    private final MemoryLimit memory = new MemoryLimit(1 << 20);
    private final Map<String, Live> lives = new LinkedHashMap<>();
    private final List<Live> closing = new ArrayList<>();
    private List<Live> ending = List.of();
    private final List<TestAgenda> agendas = new ArrayList<>();
    /** The next span that starts makes the engine fail. */
    boolean fails;

    long failures;

    /** A service, as a ServiceSdk of one exporter. */
    final class Live {
        final String key;
        final Service service;
        final SpanQueue<EncodedSpan> queue;
        final Watched watched;
        int recorders;
        long unusedSinceNanos;

        Live(String key, ServiceAccounts accounts) {
            this.key = key;
            watched = new Watched(new ExporterAccounts(accounts));
            var target = new OtlpOutlet("there", collector.sender());
            if (spool == null) {
                queue = new SpanQueue<>(key, agenda(), target, options, memory, watched);
            } else {
                Digest digest = Digest.of(key);
                SpoolFolder folder = spool.folder(digest, Digest.of("there"));
                SpoolOutlet outlet = new ServiceSpool(spool, digest, books)
                        .outlet(key, agenda(), folder, target, options, watched.books);
                queue = new SpanQueue<>(
                        key, agenda(), watched.of(outlet), options.trying(SpoolOutlet.FOR_ROOM), memory, watched);
            }
            SdkTracerProvider tracers = SdkTracerProvider.builder()
                    .setIdGenerator(ids)
                    .setSampler(Sampler.alwaysOn())
                    .addSpanProcessor(new Moody())
                    .addSpanProcessor(queue)
                    .build();
            var otel = OpenTelemetrySdk.builder().setTracerProvider(tracers).build();
            service = new Service(Telemetry.create(otel, TelemetryOptions.DEFAULTS), UPSTREAM, accounts);
        }
    }

    /** Knows besides how many requests are at the exporter. */
    static final class Watched implements ExportOutcomeListener {
        final ExporterAccounts books;
        long away;

        Watched(ExporterAccounts books) {
            this.books = books;
        }

        @Override
        public void starts(int spans, int requests) {
            away += requests;
            books.starts(spans, requests);
        }

        @Override
        public void ended(int spans, int requests, ExportOutcome outcome, int rejected) {
            away -= requests;
            books.ended(spans, requests, outcome, rejected);
        }

        @Override
        public void kept(int spans, int requests) {
            books.kept(spans, requests);
        }

        /** The spans are in the spool before the queue hears of it. */
        SpanOutlet<EncodedSpan> of(SpoolOutlet outlet) {
            return new SpanOutlet<>() {
                @Override
                public EncodedSpan prepare(SpanData span) {
                    return outlet.prepare(span);
                }

                @Override
                public int bytes(EncodedSpan waiting) {
                    return outlet.bytes(waiting);
                }

                @Override
                public Handed export(List<EncodedSpan> batch, int requests) {
                    Handed handed = outlet.export(batch, requests);
                    if (handed.kept()) {
                        away -= requests;
                    }
                    return handed;
                }

                @Override
                public String exported() {
                    return outlet.exported();
                }

                @Override
                public CompletableResultCode shutdown(long byNanoTime) {
                    return outlet.shutdown(byNanoTime);
                }
            };
        }

        @Override
        public void lost(int spans, int requests, ExportOutcome outcome) {
            books.lost(spans, requests, outcome);
        }
    }

    /** A defect in the engine, now and then. */
    private final class Moody implements SpanProcessor {
        @Override
        public void onStart(Context parent, ReadWriteSpan span) {
            if (fails) {
                fails = false;
                failures++;
                throw new IllegalStateException("a defect");
            }
        }

        @Override
        public boolean isStartRequired() {
            return true;
        }

        @Override
        public void onEnd(ReadableSpan span) {}

        @Override
        public boolean isEndRequired() {
            return false;
        }
    }

    /** @param spoolBytes 0 for none */
    ModelEngine(Path directory, Random random, TestAgenda.Clock clock, ModelCollector collector, long spoolBytes)
            throws IOException {
        this.random = random;
        this.clock = clock;
        this.collector = collector;
        this.options = new BatchQueueOptions(
                16,
                4,
                Duration.ofSeconds(1),
                Duration.ofSeconds(random.nextInt(1, 30)),
                Duration.ofSeconds(5),
                new Retry(Duration.ofSeconds(1), Duration.ofSeconds(4), Duration.ofSeconds(9), Duration.ofSeconds(20)));
        ledger = Ledger.open(directory.resolve("engine.sock"));
        spool = spoolBytes == 0 ? null : Spool.open(directory.resolve("spool"), spoolBytes);
        books = new ServiceBooks(ledger, spool);
    }

    private TestAgenda agenda() {
        var made = new TestAgenda(clock, random);
        agendas.add(made);
        return made;
    }

    /** Null if there are too many. */
    @Nullable
    Live join(String key) {
        Live live = lives.get(key);
        if (live == null) {
            if (lives.size() == ServiceBooks.MAX_NAMED) {
                return null;
            }
            live = new Live(
                    key,
                    books.open(Digest.of(key), isUsed -> new ServiceName(key, "", 1))
                            .accounts());
            lives.put(key, live);
        }
        live.recorders++;
        return live;
    }

    void leave(Live live) {
        live.recorders--;
        live.unusedSinceNanos = clock.nanoTime;
    }

    void closeUnused() {
        List<Live> over = lives.values().stream()
                .filter(live -> live.recorders == 0 && clock.nanoTime - live.unusedSinceNanos >= UNUSED_NANOS)
                .toList();
        over.forEach(this::close);
    }

    private void close(Live live) {
        lives.remove(live.key);
        closing.add(live);
        live.queue.shutdown().whenComplete(() -> {
            closing.remove(live);
            books.close(Digest.of(live.key));
        });
    }

    /** One task that is due, of any agenda; false if none is. */
    boolean runOne() {
        agendas.removeIf(TestAgenda::isClosed);
        int from = agendas.isEmpty() ? 0 : random.nextInt(agendas.size());
        for (int i = 0; i < agendas.size(); i++) {
            if (agendas.get((from + i) % agendas.size()).runNext()) {
                return true;
            }
        }
        return false;
    }

    /** All that is due until then, one after the other as time goes by. */
    void advance(Duration by) {
        long end = clock.nanoTime + by.toNanos();
        for (boolean goesOn = true; goesOn; ) {
            boolean ran = true;
            while (ran) {
                ran = runOne();
            }
            long next =
                    agendas.stream().mapToLong(TestAgenda::nanosToNext).min().orElse(Long.MAX_VALUE);
            goesOn = next <= end - clock.nanoTime;
            clock.nanoTime += goesOn ? next : 0;
        }
        clock.nanoTime = end;
    }

    /** Requests that wait in memory or are at an exporter, of all services together. */
    long inHand() {
        long sum = 0;
        for (List<Live> all : List.of(List.copyOf(lives.values()), closing)) {
            for (Live live : all) {
                sum += live.queue.queued() + live.watched.away;
            }
        }
        return sum;
    }

    long held() {
        return memory.held();
    }

    long inSpool() {
        return spool == null
                ? 0
                : spool.requests().values().stream().mapToLong(n -> n).sum();
    }

    /** {@code kill -9}: what was to be done is not. */
    void kill() throws IOException {
        agendas.clear();
        release();
    }

    /** Services that are not closed. */
    Set<String> open() {
        return Set.copyOf(lives.keySet());
    }

    /** In good order: no recorder joins any more. {@link #stop} follows. */
    void beginStop() {
        ending = List.copyOf(lives.values());
        ending.forEach(live -> live.queue.shutdown());
    }

    /** Waits until it has; no recorder is connected any more. */
    void stop() {
        List<CompletableResultCode> ends = new ArrayList<>();
        for (Live live : ending) {
            close(live);
            ends.add(live.queue.shutdown());
        }
        advance(Duration.ofSeconds(8));
        if (!ends.stream().allMatch(CompletableResultCode::isDone)) {
            throw new AssertionError("a queue did not end in time");
        }
    }

    /** Lets the next engine have the files: after {@link #stop}. */
    void release() throws IOException {
        if (spool != null) {
            spool.close();
        }
        ledger.close();
    }
}
