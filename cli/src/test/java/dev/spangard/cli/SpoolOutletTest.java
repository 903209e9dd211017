// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.cli.ExportBooks.Outcome;
import dev.spangard.intake.Accounts;
import dev.spangard.intake.Digest;
import dev.spangard.intake.DropReason;
import dev.spangard.intake.Ledger;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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
    private final List<CompletableResultCode> started = new ArrayList<>();
    private @Nullable Spool spool;
    private @Nullable Ledger ledger;

    /** Takes what it is sent while it is up. */
    private static final class FakeSender implements OtlpSender {
        final BlockingQueue<byte[]> taken = new LinkedBlockingQueue<>();
        final BlockingQueue<byte[]> refused = new LinkedBlockingQueue<>();
        final NotDelivered down = NotDelivered.unanswered("down", new IOException("down"));
        volatile @Nullable NotDelivered failure = down;
        volatile boolean isClosed;

        @Override
        public CompletableFuture<byte[]> send(byte[] request) {
            NotDelivered why = failure;
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

        byte[] next(BlockingQueue<byte[]> from) throws InterruptedException {
            return requireNonNull(from.poll(20, TimeUnit.SECONDS), "nothing within 20 s");
        }
    }

    @BeforeEach
    void open() throws IOException {
        ledger = Ledger.open(directory.resolve("engine.sock"));
        spool = Spool.open(directory.resolve("spool"), 1 << 20);
    }

    @AfterEach
    void close() throws IOException {
        sender.failure = null;
        for (CompletableResultCode end : started) {
            assertThat(end.join(20, TimeUnit.SECONDS).isDone()).isTrue();
        }
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
        var drains = new ServiceSpool(spool(), service, folder -> accounts(folder.service()));
        var outlet = drains.outlet(
                "shop, otlp", "test", spool().folder(service, THERE), new OtlpOutlet("there", sender), OPTIONS, books);
        return outlet;
    }

    private CompletableResultCode end(SpoolOutlet outlet) {
        CompletableResultCode ended = outlet.shutdown(System.nanoTime() + 200_000_000);
        started.add(ended);
        return ended;
    }

    private List<EncodedSpan> batch(int spans) {
        EncodedSpan span = EncodedSpan.of(TestSpans.server(Attributes.empty()).build());
        return Collections.nCopies(spans, span);
    }

    private static void awaitExported(Accounts accounts, long requests) {
        long until = System.nanoTime() + 20_000_000_000L;
        while (accounts.balance().exported() != requests) {
            assertThat(System.nanoTime() - until)
                    .as(accounts.balance()::toString)
                    .isNegative();
            Thread.onSpinWait();
        }
    }

    @Test
    void keepsOnDiskWhatTheCollectorDoesNotTakeAndSendsTheSameBytesInOrder() throws Exception {
        Accounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExportBooks(accounts));

        assertThat(outlet.export(batch(3), 2).isSuccess()).isTrue();
        assertThat(outlet.export(batch(4), 3).isSuccess()).isTrue();
        byte[] first = sender.next(sender.refused);
        assertThat(sender.next(sender.refused)).isEqualTo(first);
        assertThat(accounts.balance().exported()).isZero();
        assertThat(spool().folder(SHOP, THERE).spans()).isEqualTo(7);

        sender.failure = null;

        assertThat(sender.next(sender.taken)).isEqualTo(TraceRequest.of(batch(3)));
        assertThat(sender.next(sender.taken)).isEqualTo(TraceRequest.of(batch(4)));
        awaitExported(accounts, 5);
        assertThat(accounts.inFlight()).isZero();
        assertThat(spool().used()).isZero();
        assertThat(end(outlet).join(20, TimeUnit.SECONDS).isSuccess()).isTrue();
        assertThat(sender.isClosed).isTrue();
    }

    @Test
    void givesUpWhatTheCollectorWillNeverTake() throws Exception {
        Accounts accounts = accounts(SHOP);
        var books = new ExportBooks(accounts);
        SpoolOutlet outlet = outlet(SHOP, books);
        sender.failure = NotDelivered.answered("no", "400", false, null);

        outlet.export(batch(1), 1);
        sender.next(sender.refused);
        sender.failure = NotDelivered.inPart("in part", 1);
        outlet.export(batch(2), 2);

        awaitExported(accounts, 1);
        assertThat(accounts.dropped(DropReason.EXPORT) + accounts.dropped(DropReason.REJECTED))
                .isEqualTo(2);
        assertThat(spool().used()).isZero();
        end(outlet);
    }

    @Test
    void leavesOnDiskWhatIsNotDeliveredAtTheEndAndSaysSo() throws Exception {
        Accounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExportBooks(accounts));
        outlet.export(batch(2), 2);
        sender.next(sender.refused);

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            assertThat(end(outlet).join(20, TimeUnit.SECONDS).isSuccess()).isTrue();

            assertThat(log.lines())
                    .anyMatch(line ->
                            line.endsWith("shop, otlp: at the end exported 0 spans of the spool, 2 stay there"));
        }
        assertThat(accounts.balance().exported()).isZero();
        assertThat(accounts.dropped()).isZero();
        assertThat(spool().orphans()).extracting(SpoolFolder::spans).containsExactly(2L);
    }

    @Test
    void deliversForAServiceThatIsNotHereAndBooksItThere() throws Exception {
        Accounts shop = accounts(SHOP);
        SpoolOutlet gone = outlet(SHOP, new ExportBooks(shop));
        gone.export(batch(2), 2);
        sender.next(sender.refused);
        end(gone).join(20, TimeUnit.SECONDS);
        sender.failure = null;
        Accounts blog = accounts(BLOG);

        SpoolOutlet next = outlet(BLOG, new ExportBooks(blog));

        assertThat(sender.next(sender.taken)).isEqualTo(TraceRequest.of(batch(2)));
        awaitExported(shop, 2);
        assertThat(blog.balance().exported()).isZero();
        end(next);
    }

    @Test
    void sendsFromMemoryWhenSomebodyElseHasFilledTheSpool() throws Exception {
        fill(spool().folder(BLOG, Digest.of("elsewhere")));
        Accounts accounts = accounts(SHOP);
        var books = new ExportBooks(accounts);
        SpoolOutlet outlet = outlet(SHOP, books);

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            CompletableResultCode refused = outlet.export(batch(1), 1);
            assertThat(refused.getFailureThrowable()).isSameAs(sender.down);
            assertThat(accounts.inFlight()).isZero();
            sender.failure = NotDelivered.answered("no", "400", false, null);
            assertThat(outlet.export(batch(1), 1).isSuccess()).isFalse();
            sender.failure = NotDelivered.inPart("in part", 1);
            assertThat(outlet.export(batch(2), 2).isSuccess()).isFalse();
            sender.failure = null;
            assertThat(outlet.export(batch(1), 1).isSuccess()).isTrue();

            assertThat(log.lines())
                    .filteredOn(line -> line.contains("the spool"))
                    .singleElement()
                    .asString()
                    .endsWith("shop, otlp: the spool takes no spans: it is full");
        }
        assertThat(accounts.balance().exported()).isEqualTo(2);
        assertThat(accounts.dropped(DropReason.EXPORT)).isEqualTo(1);
        assertThat(accounts.dropped(DropReason.REJECTED)).isEqualTo(1);
        assertThat(books.spans(Outcome.DELIVERED)).isEqualTo(2);
        end(outlet);
    }

    @Test
    void waitsInMemoryBehindWhatItHasOnDisk() throws Exception {
        SpoolOutlet outlet = outlet(SHOP, new ExportBooks(accounts(SHOP)));
        outlet.export(batch(1), 1);
        fill(spool().folder(BLOG, Digest.of("elsewhere")));

        CompletableResultCode second = outlet.export(batch(2), 2);

        assertThat(second.getFailureThrowable())
                .isInstanceOfSatisfying(
                        NotDelivered.class, fault -> assertThat(fault.mayPass()).isTrue());
        assertThat(sender.refused).allMatch(request -> request.length == TraceRequest.of(batch(1)).length);
        end(outlet);
    }

    @Test
    void booksWhatAFullSpoolKeepsOutAtTheEnd() {
        Accounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExportBooks(accounts));

        outlet.lost(3, 2, Outcome.QUEUE_FULL);
        outlet.ended(3, 1, Outcome.SHUTDOWN, 0);
        outlet.ended(9, 9, Outcome.DELIVERED, 0);

        assertThat(accounts.dropped(DropReason.QUEUE)).isEqualTo(2);
        assertThat(accounts.dropped(DropReason.SHUTDOWN)).isEqualTo(1);
        assertThat(accounts.dropped()).isEqualTo(3);
        end(outlet);
    }

    @Test
    void countsNoRequestTwiceWhereAnotherExportersFateCounts() throws Exception {
        SpoolOutlet second = outlet(SHOP, new ExportBooks(null));

        second.export(batch(3), 3);

        assertThat(spool().requests(SHOP)).isZero();
        sender.next(sender.refused);
        end(second);
    }

    @Test
    void goesOnWhenTheDiskDoesAgain() throws Exception {
        sender.failure = null;
        Path folder = directory.resolve("spool/" + SHOP.hex() + '-' + THERE.hex());
        Files.createFile(folder);
        Accounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExportBooks(accounts));

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            outlet.export(batch(1), 1);
            outlet.export(batch(1), 1);
            Files.delete(folder);
            outlet.export(batch(1), 1);
            awaitExported(accounts, 3);

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
