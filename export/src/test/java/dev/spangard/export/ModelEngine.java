// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.intake.RecordedIds;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
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
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An engine without sockets, threads and SDKs of its services: all that keeps books is the engine's own. */
final class ModelEngine {
    private static final long UNUSED_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Random random;
    private final TestAgenda.Clock clock;
    final ModelCollector collector;
    final BatchQueueOptions options;
    final Ledger ledger;
    final @Nullable Spool spool;
    final ServiceBooks books;
    final RecordedIds ids = new RecordedIds();
    final MemoryLimit memory = new MemoryLimit(1 << 20);
    private final Map<String, ModelService> services = new LinkedHashMap<>();
    private final List<ModelService> ever = new ArrayList<>();
    private final List<ModelService> closing = new ArrayList<>();
    private List<ModelService> ending = List.of();
    private final List<TestAgenda> agendas = new ArrayList<>();
    /** The next span that starts makes the engine fail. */
    boolean fails;

    long failures;

    /** A defect in the engine, now and then. */
    final class Defects implements SpanProcessor {
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

    TestAgenda agenda() {
        var made = new TestAgenda(clock, random);
        agendas.add(made);
        return made;
    }

    /** Null if there are too many. */
    @Nullable
    ModelService join(String key) {
        ModelService service = services.get(key);
        if (service == null) {
            if (services.size() == ServiceBooks.MAX_NAMED) {
                return null;
            }
            ServiceAccounts accounts = books.open(Digest.of(key), isUsed -> new ServiceName(key, "", 1))
                    .accounts();
            service = new ModelService(key, accounts, this);
            services.put(key, service);
            ever.add(service);
        }
        service.recorders++;
        return service;
    }

    void leave(ModelService service) {
        service.recorders--;
        service.unusedSinceNanos = clock.nanoTime;
    }

    void closeUnused() {
        List<ModelService> over = services.values().stream()
                .filter(service -> service.recorders == 0 && clock.nanoTime - service.unusedSinceNanos >= UNUSED_NANOS)
                .toList();
        over.forEach(this::close);
    }

    private void close(ModelService service) {
        services.remove(service.key);
        closing.add(service);
        service.queue.shutdown().whenComplete(() -> {
            closing.remove(service);
            books.close(Digest.of(service.key));
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
        return inQueues() + away();
    }

    /** Requests that wait in memory. */
    long inQueues() {
        return sum(service -> service.queue.queued());
    }

    /** Requests that are at an exporter. */
    long away() {
        return sum(service -> service.watched.away);
    }

    private long sum(ToLongFunction<ModelService> value) {
        return Stream.concat(services.values().stream(), closing.stream())
                .mapToLong(value)
                .sum();
    }

    /** Requests that were given up without an answer. */
    long unconfirmed() {
        return ever.stream().mapToLong(service -> service.watched.unconfirmed).sum();
    }

    long held() {
        return memory.held();
    }

    long inSpool() {
        return spool == null
                ? 0
                : spool.counts().values().stream().mapToLong(Counts::requests).sum();
    }

    /** {@code kill -9}: what was to be done is not. */
    void kill() throws IOException {
        agendas.clear();
        release();
    }

    /** Services that are not closed. */
    Set<String> open() {
        return Set.copyOf(services.keySet());
    }

    /** In good order: no recorder joins any more. {@link #stop} follows. */
    void beginStop() {
        ending = List.copyOf(services.values());
        ending.forEach(service -> service.queue.shutdown());
    }

    /** Waits until it has; no recorder is connected any more. */
    void stop() {
        List<CompletableResultCode> ends = new ArrayList<>();
        for (ModelService service : ending) {
            close(service);
            ends.add(service.queue.shutdown());
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
