// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;

import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Outlets of spools in one directory, and a collector that answers when the test says so. */
abstract class TestedSpoolOutlet {
    static final Digest SHOP = Digest.of("shop");
    static final Digest BLOG = Digest.of("blog");
    static final Digest THERE = Digest.of("otlp there");
    static final Duration SOON = Duration.ofMillis(1);
    static final BatchQueueOptions OPTIONS = new BatchQueueOptions(
            100,
            10,
            SOON,
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            new Retry(SOON, SOON, SOON, Duration.ofDays(1)));

    @TempDir
    Path directory;

    final FakeSender sender = new FakeSender();
    final TestAgenda.Clock clock = new TestAgenda.Clock();
    final List<TestAgenda> agendas = new ArrayList<>();

    @Nullable
    Spool spool;

    @Nullable
    Ledger ledger;

    @Nullable
    ServiceBooks serviceBooks;

    /** Takes what it is sent while it is up. */
    static final class FakeSender implements OtlpSender {
        final Queue<byte[]> taken = new ArrayDeque<>();
        final Queue<byte[]> refused = new ArrayDeque<>();
        final ExportException down = ExportException.unanswered("down", new IOException("down"));

        @Nullable
        ExportException failure = down;

        boolean isClosed;
        /** Answers when the test does. */
        boolean isSilent;

        final Queue<CompletableFuture<byte[]>> unanswered = new ArrayDeque<>();

        @Override
        public CompletableFuture<byte[]> send(byte[] request) {
            ExportException why = failure;
            if (isSilent) {
                var silent = new CompletableFuture<byte[]>();
                unanswered.add(silent);
                return silent;
            }
            if (why != null) {
                refused.add(request);
                return CompletableFuture.failedFuture(why);
            }
            taken.add(request);
            return CompletableFuture.completedFuture(new byte[0]);
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }

    /** What was sent, once all has been done that is due within a moment. */
    byte[] next(Queue<byte[]> from) {
        run();
        return requireNonNull(from.poll());
    }

    /** Over two of the pauses between tries. */
    void run() {
        run(SOON.multipliedBy(4));
    }

    void run(Duration time) {
        long end = clock.nanoTime + time.toNanos();
        for (boolean goesOn = true; goesOn; ) {
            for (int i = 0; i < agendas.size(); i++) {
                agendas.get(i).run();
            }
            long next =
                    agendas.stream().mapToLong(TestAgenda::nanosToNext).min().orElse(Long.MAX_VALUE);
            goesOn = next <= end - clock.nanoTime;
            clock.nanoTime += goesOn ? next : 0;
        }
        clock.nanoTime = end;
    }

    @BeforeEach
    void open() throws IOException {
        ledger = Ledger.open(directory.resolve("engine.sock"));
        spool = Spool.open(directory.resolve("spool"), 1 << 20);
        serviceBooks = new ServiceBooks(ledger, spool);
    }

    @AfterEach
    void close() throws IOException {
        spool().close();
        requireNonNull(ledger).close();
    }

    Spool spool() {
        return requireNonNull(spool);
    }

    ServiceAccounts accounts(Digest service) {
        return requireNonNull(ledger).accounts(service, spool().counts(service));
    }

    /** As of an exporter whose fate is that of the request. */
    SpoolOutlet outlet(Digest service, ExporterAccounts books) {
        var drains = new ServiceSpool(spool(), service, requireNonNull(serviceBooks));
        return drains.outlet(
                "shop, otlp",
                agenda(),
                spool().folder(service, THERE),
                new OtlpOutlet("there", sender),
                OPTIONS,
                books);
    }

    TestAgenda agenda() {
        var agenda = new TestAgenda(clock);
        agendas.add(agenda);
        return agenda;
    }

    CompletableResultCode end(SpoolOutlet outlet) {
        CompletableResultCode ended = outlet.shutdown(clock.nanoTime + 200_000_000);
        run(Duration.ofMillis(300));
        return ended;
    }

    List<EncodedSpan> batch(int spans) {
        EncodedSpan span = EncodedSpan.of(TestSpans.server(Attributes.empty()).build());
        return Collections.nCopies(spans, span);
    }

    static CompletableResultCode export(SpoolOutlet outlet, List<EncodedSpan> batch, int requests) {
        return outlet.export(batch, Counts.ofRequests(requests)).result();
    }

    long exported(ServiceAccounts accounts) {
        run();
        return accounts.balance().exported();
    }
}
