// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Accounts;
import dev.spangard.books.Digest;
import dev.spangard.books.DropReason;
import dev.spangard.books.Ledger;
import dev.spangard.export.ExportBooks.Outcome;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.io.IOException;
import java.nio.file.Files;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpoolOutletTest {
    private static final Digest SHOP = Digest.of("shop");
    private static final Digest BLOG = Digest.of("blog");
    private static final Digest THERE = Digest.of("otlp there");
    private static final Duration SOON = Duration.ofMillis(1);
    private static final SpanQueueOptions OPTIONS = new SpanQueueOptions(
            100,
            10,
            SOON,
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            new Retry(SOON, SOON, SOON, Duration.ofDays(1)));

    @TempDir
    Path directory;

    private final FakeSender sender = new FakeSender();
    private final TestAgenda.Clock clock = new TestAgenda.Clock();
    private final List<TestAgenda> agendas = new ArrayList<>();
    private @Nullable Spool spool;
    private @Nullable Ledger ledger;
    private @Nullable ServiceBooks serviceBooks;

    /** Takes what it is sent while it is up. */
    private static final class FakeSender implements OtlpSender {
        final Queue<byte[]> taken = new ArrayDeque<>();
        final Queue<byte[]> refused = new ArrayDeque<>();
        final NotDelivered down = NotDelivered.unanswered("down", new IOException("down"));

        @Nullable
        NotDelivered failure = down;

        boolean isClosed;
        /** Answers when the test does. */
        boolean isSilent;

        final Queue<CompletableFuture<byte[]>> unanswered = new ArrayDeque<>();

        @Override
        public CompletableFuture<byte[]> send(byte[] request) {
            NotDelivered why = failure;
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
    private byte[] next(Queue<byte[]> from) {
        run();
        return requireNonNull(from.poll());
    }

    /** Over two of the pauses between tries. */
    private void run() {
        run(SOON.multipliedBy(4));
    }

    private void run(Duration time) {
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

    private Spool spool() {
        return requireNonNull(spool);
    }

    private Accounts accounts(Digest service) {
        return requireNonNull(ledger).accounts(service, spool().requests(service));
    }

    /** As of an exporter whose fate is that of the request. */
    private SpoolOutlet outlet(Digest service, ExportBooks books) {
        var drains = new ServiceSpool(spool(), service, requireNonNull(serviceBooks));
        return drains.outlet(
                "shop, otlp",
                agenda(),
                spool().folder(service, THERE),
                new OtlpOutlet("there", sender),
                OPTIONS,
                books);
    }

    private TestAgenda agenda() {
        var agenda = new TestAgenda(clock);
        agendas.add(agenda);
        return agenda;
    }

    private CompletableResultCode end(SpoolOutlet outlet) {
        CompletableResultCode ended = outlet.shutdown(clock.nanoTime + 200_000_000);
        run(Duration.ofMillis(300));
        return ended;
    }

    private List<EncodedSpan> batch(int spans) {
        EncodedSpan span = EncodedSpan.of(TestSpans.server(Attributes.empty()).build());
        return Collections.nCopies(spans, span);
    }

    private static CompletableResultCode export(SpoolOutlet outlet, List<EncodedSpan> batch, int requests) {
        return outlet.export(batch, requests).result();
    }

    private long exported(Accounts accounts) {
        run();
        return accounts.balance().exported();
    }

    @Test
    void keepsOnDiskWhatTheCollectorDoesNotTakeAndSendsTheSameBytesInOrder() {
        Accounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExportBooks(accounts));

        assertThat(export(outlet, batch(3), 2).isSuccess()).isTrue();
        assertThat(export(outlet, batch(4), 3).isSuccess()).isTrue();
        byte[] first = next(sender.refused);
        assertThat(next(sender.refused)).isEqualTo(first);
        assertThat(accounts.balance().exported()).isZero();
        assertThat(spool().folder(SHOP, THERE).spans()).isEqualTo(7);

        sender.failure = null;

        assertThat(next(sender.taken)).isEqualTo(TraceRequest.of(batch(3)));
        assertThat(next(sender.taken)).isEqualTo(TraceRequest.of(batch(4)));
        assertThat(exported(accounts)).isEqualTo(5);
        assertThat(accounts.inFlight()).isZero();
        assertThat(spool().used()).isZero();
        assertThat(end(outlet).isSuccess()).isTrue();
        assertThat(sender.isClosed).isTrue();
    }

    @Test
    void givesUpWhatTheCollectorWillNeverTake() {
        Accounts accounts = accounts(SHOP);
        var books = new ExportBooks(accounts);
        SpoolOutlet outlet = outlet(SHOP, books);
        sender.failure = NotDelivered.answered("no", "400", false, null);

        export(outlet, batch(1), 1);
        next(sender.refused);
        sender.failure = NotDelivered.inPart("in part", 1);
        export(outlet, batch(2), 2);

        assertThat(exported(accounts)).isEqualTo(1);
        assertThat(accounts.dropped(DropReason.EXPORT) + accounts.dropped(DropReason.REJECTED))
                .isEqualTo(2);
        assertThat(spool().used()).isZero();
        end(outlet);
    }

    @Test
    void leavesOnDiskWhatIsNotDeliveredAtTheEndAndSaysSo() {
        Accounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExportBooks(accounts));
        export(outlet, batch(2), 2);
        next(sender.refused);

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            assertThat(end(outlet).isSuccess()).isTrue();

            assertThat(log.lines())
                    .anyMatch(line ->
                            line.endsWith("shop, otlp: at the end exported 0 spans of the spool, 2 stay there"));
        }
        assertThat(accounts.balance().exported()).isZero();
        assertThat(accounts.dropped()).isZero();
        assertThat(spool().orphans()).extracting(SpoolFolder::spans).containsExactly(2L);
    }

    @Test
    void deliversForAServiceThatIsNotHereAndBooksItThere() {
        Accounts shop = accounts(SHOP);
        SpoolOutlet gone = outlet(SHOP, new ExportBooks(shop));
        export(gone, batch(2), 2);
        next(sender.refused);
        end(gone);
        sender.failure = null;
        Accounts blog = accounts(BLOG);

        SpoolOutlet next = outlet(BLOG, new ExportBooks(blog));

        assertThat(next(sender.taken)).isEqualTo(TraceRequest.of(batch(2)));
        assertThat(exported(shop)).isEqualTo(2);
        assertThat(blog.balance().exported()).isZero();
        end(next);
    }

    /** Both its thread and the drain's are the test's. */
    private SpanQueue<EncodedSpan> queue(SpoolOutlet outlet, ExportBooks books) {
        return new SpanQueue<>(
                "shop, otlp", agenda(), outlet, OPTIONS.trying(SpoolOutlet.FOR_ROOM), new SpanMemory(1 << 20), books);
    }

    private static void ended(SpanQueue<?> queue, int spans) {
        var provider = SdkTracerProvider.builder().addSpanProcessor(queue).build();
        for (int i = 0; i < spans; i++) {
            provider.get("test").spanBuilder("GET /").startSpan().end();
        }
    }

    @Test
    void sendsFromMemoryWhenSomebodyElseHasFilledTheSpool() throws IOException {
        fill(spool().folder(BLOG, Digest.of("elsewhere")));
        Accounts accounts = accounts(SHOP);
        var books = new ExportBooks(accounts);
        SpanQueue<?> queue = queue(outlet(SHOP, books), books);

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            ended(queue, 1);
            next(sender.refused);
            assertThat(accounts.dropped()).isZero();
            sender.failure = NotDelivered.answered("no", "400", false, null);
            run(Duration.ofSeconds(2));
            assertThat(accounts.dropped(DropReason.EXPORT)).isEqualTo(1);
            sender.failure = NotDelivered.inPart("in part", 1);
            ended(queue, 2);
            run();
            sender.failure = null;
            ended(queue, 1);
            run();

            assertThat(log.lines())
                    .filteredOn(line -> line.contains("the spool"))
                    .singleElement()
                    .asString()
                    .endsWith("shop, otlp: the spool takes no spans: it is full");
        }
        assertThat(accounts.balance().exported()).isEqualTo(2);
        assertThat(accounts.dropped(DropReason.EXPORT)).isEqualTo(1);
        assertThat(accounts.dropped(DropReason.REJECTED)).isEqualTo(1);
        assertThat(accounts.inFlight()).isZero();
        assertThat(books.spans(Outcome.DELIVERED)).isEqualTo(2);
    }

    @Test
    void booksALateAnswerToWhatItSentFromMemory() throws IOException {
        fill(spool().folder(BLOG, Digest.of("elsewhere")));
        Accounts accounts = accounts(SHOP);
        var books = new ExportBooks(accounts);
        SpanQueue<?> queue = queue(outlet(SHOP, books), books);
        sender.isSilent = true;
        ended(queue, 2);
        run();
        run(OPTIONS.exportTimeout());
        ended(queue, 3);
        run();
        run(OPTIONS.exportTimeout());
        assertThat(accounts.dropped()).isZero();

        sender.unanswered.remove().completeExceptionally(sender.down);
        sender.unanswered.remove().complete(new byte[0]);

        assertThat(accounts.dropped(DropReason.EXPORT)).isEqualTo(2);
        assertThat(accounts.balance().exported()).isEqualTo(3);
        assertThat(accounts.inFlight()).isZero();
    }

    @Test
    void waitsInMemoryBehindWhatItHasOnDiskAndIsLostByTheShutdown() throws IOException {
        Accounts accounts = accounts(SHOP);
        var books = new ExportBooks(accounts);
        SpanQueue<?> queue = queue(outlet(SHOP, books), books);
        ended(queue, 1);
        next(sender.refused);
        int first = requireNonNull(sender.refused.peek()).length;
        fill(spool().folder(BLOG, Digest.of("elsewhere")));

        ended(queue, 2);
        run(Duration.ofSeconds(2));

        assertThat(sender.refused).allMatch(request -> request.length == first);
        assertThat(accounts.dropped()).isZero();
        CompletableResultCode closed = queue.shutdown();
        run(Duration.ofSeconds(3));
        assertThat(closed.isSuccess()).isTrue();
        assertThat(accounts.dropped(DropReason.SHUTDOWN)).isEqualTo(2);
        assertThat(accounts.dropped()).isEqualTo(2);
        assertThat(spool().requests(SHOP)).isEqualTo(1);
        assertThat(accounts.inFlight()).isZero();
    }

    /** A folder that another drain has when its own comes: it would wait for ever if nobody told it that it is free. */
    @Test
    void drainsItsFolderOnceAnotherServicesDrainHasGivenItBack() {
        Accounts shop = accounts(SHOP);
        SpoolOutlet gone = outlet(SHOP, new ExportBooks(shop));
        export(gone, batch(1), 1);
        export(gone, batch(2), 2);
        end(gone);
        sender.failure = null;
        sender.isSilent = true;
        SpoolOutlet other = outlet(BLOG, new ExportBooks(accounts(BLOG)));
        run();
        assertThat(sender.unanswered).as("the first record, under way").hasSize(1);

        SpoolOutlet back = outlet(SHOP, new ExportBooks(shop));
        run();
        assertThat(sender.unanswered).hasSize(1);
        sender.isSilent = false;
        sender.unanswered.remove().complete(new byte[0]);

        assertThat(exported(shop)).isEqualTo(3);
        end(other);
        end(back);
    }

    /** As above, of a drain that ends and leaves something to one of the same destination. */
    @Test
    void leavesItsFolderToAnotherDrainThatIsIdle() {
        sender.isSilent = true;
        SpoolOutlet other = outlet(BLOG, new ExportBooks(accounts(BLOG)));
        Accounts shop = accounts(SHOP);
        SpoolOutlet gone = outlet(SHOP, new ExportBooks(shop));
        export(gone, batch(2), 2);
        run();
        gone.shutdown(clock.nanoTime + 1);
        sender.isSilent = false;
        sender.failure = null;

        run(Duration.ofMillis(300));

        assertThat(exported(shop)).isEqualTo(2);
        end(other);
    }

    @Test
    void countsNoRequestTwiceWhereAnotherExportersFateCounts() {
        SpoolOutlet second = outlet(SHOP, new ExportBooks(null));

        export(second, batch(3), 3);

        assertThat(spool().requests(SHOP)).isZero();
        next(sender.refused);
        end(second);
    }

    @Test
    void goesOnWhenTheDiskDoesAgain() throws IOException {
        sender.failure = null;
        Path folder = directory.resolve("spool/" + SHOP.hex() + '-' + THERE.hex());
        Files.createFile(folder);
        Accounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExportBooks(accounts));

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            CompletableResultCode first = export(outlet, batch(1), 1);
            CompletableResultCode second = export(outlet, batch(1), 1);
            Files.delete(folder);
            export(outlet, batch(1), 1);

            assertThat(exported(accounts)).as("by way of the disk").isEqualTo(1);
            assertThat(List.of(first.isSuccess(), second.isSuccess()))
                    .as("straight to the collector, which is the queue's to book")
                    .containsOnly(true);

            assertThat(log.lines()).hasSize(2).last().asString().endsWith("shop, otlp: the spool takes spans again");
        }
        end(outlet);
    }

    private void fill(SpoolFolder folder) throws IOException {
        int free = (int) (spool().limit() - spool().used());
        int head = SpoolSegment.HEADER_BYTES + SpoolSegment.RECORD_HEAD_BYTES;
        folder.append(new SpoolRecord(1, 1, new byte[free - head]));
    }
}
