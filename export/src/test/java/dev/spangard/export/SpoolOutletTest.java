// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SpoolOutletTest extends TestedSpoolOutlet {
    @Test
    void keepsOnDiskWhatTheCollectorDoesNotTakeAndSendsTheSameBytesInOrder() {
        ServiceAccounts accounts = accounts(SHOP);
        var books = new ExporterAccounts(accounts);
        SpoolOutlet outlet = outlet(SHOP, books);

        books.starts(3, Counts.ofRequests(2));
        assertThat(export(outlet, batch(3), 2).isSuccess()).isTrue();
        books.starts(4, Counts.ofRequests(3));
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
        ServiceAccounts accounts = accounts(SHOP);
        var books = new ExporterAccounts(accounts);
        SpoolOutlet outlet = outlet(SHOP, books);
        sender.failure = ExportException.answered("no", "400", false, null);

        export(outlet, batch(1), 1);
        next(sender.refused);
        sender.failure = ExportException.inPart("in part", 1);
        export(outlet, batch(2), 2);

        assertThat(exported(accounts)).isEqualTo(1);
        assertThat(accounts.dropped(DropReason.EXPORT) + accounts.dropped(DropReason.REJECTED))
                .isEqualTo(2);
        assertThat(spool().used()).isZero();
        end(outlet);
    }

    @Test
    void leavesOnDiskWhatIsNotDeliveredAtTheEndAndSaysSo() {
        ServiceAccounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExporterAccounts(accounts));
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

    /** Both its thread and the drain's are the test's. */
    private SpanQueue<EncodedSpan> queue(SpoolOutlet outlet, ExporterAccounts books) {
        return new SpanQueue<>(
                "shop, otlp", agenda(), outlet, OPTIONS.trying(SpoolOutlet.FOR_ROOM), new MemoryLimit(1 << 20), books);
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
        ServiceAccounts accounts = accounts(SHOP);
        var books = new ExporterAccounts(accounts);
        SpanQueue<?> queue = queue(outlet(SHOP, books), books);

        try (CapturedLog log = CapturedLog.of("spangard.engine")) {
            ended(queue, 1);
            next(sender.refused);
            assertThat(accounts.dropped()).isZero();
            sender.failure = ExportException.answered("no", "400", false, null);
            run(Duration.ofSeconds(2));
            assertThat(accounts.dropped(DropReason.EXPORT)).isEqualTo(1);
            sender.failure = ExportException.inPart("in part", 1);
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
        assertThat(books.spans(ExportOutcome.DELIVERED)).isEqualTo(2);
    }

    @Test
    void booksALateAnswerToWhatItSentFromMemory() throws IOException {
        fill(spool().folder(BLOG, Digest.of("elsewhere")));
        ServiceAccounts accounts = accounts(SHOP);
        var books = new ExporterAccounts(accounts);
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
        ServiceAccounts accounts = accounts(SHOP);
        var books = new ExporterAccounts(accounts);
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
        assertThat(spool().counts(SHOP).requests()).isEqualTo(1);
        assertThat(accounts.inFlight()).isZero();
    }

    @Test
    void goesOnWhenTheDiskDoesAgain() throws IOException {
        sender.failure = null;
        Path folder = directory.resolve("spool/" + SHOP.hex() + '-' + THERE.hex());
        Files.createFile(folder);
        ServiceAccounts accounts = accounts(SHOP);
        SpoolOutlet outlet = outlet(SHOP, new ExporterAccounts(accounts));

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
        int head = SegmentFormat.HEADER_BYTES + SegmentFormat.RECORD_HEAD_BYTES;
        folder.append(new SpoolRecord(1, Counts.ofRequests(1), new byte[free - head]));
    }
}
