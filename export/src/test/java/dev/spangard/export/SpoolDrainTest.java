// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.ServiceAccounts;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class SpoolDrainTest extends TestedSpoolOutlet {
    @Test
    void deliversForAServiceThatIsNotHereAndBooksItThere() {
        ServiceAccounts shop = accounts(SHOP);
        SpoolOutlet gone = outlet(SHOP, new ExporterAccounts(shop));
        export(gone, batch(2), 2);
        next(sender.refused);
        end(gone);
        sender.failure = null;
        ServiceAccounts blog = accounts(BLOG);

        SpoolOutlet next = outlet(BLOG, new ExporterAccounts(blog));

        assertThat(next(sender.taken)).isEqualTo(TraceRequest.of(batch(2)));
        assertThat(exported(shop)).isEqualTo(2);
        assertThat(blog.balance().exported()).isZero();
        end(next);
    }

    /** A folder that another drain has when its own comes: it would wait for ever if nobody told it that it is free. */
    @Test
    void drainsItsFolderOnceAnotherServicesDrainHasGivenItBack() {
        ServiceAccounts shop = accounts(SHOP);
        SpoolOutlet gone = outlet(SHOP, new ExporterAccounts(shop));
        export(gone, batch(1), 1);
        export(gone, batch(2), 2);
        end(gone);
        sender.failure = null;
        sender.isSilent = true;
        SpoolOutlet other = outlet(BLOG, new ExporterAccounts(accounts(BLOG)));
        run();
        assertThat(sender.unanswered).as("the first record, under way").hasSize(1);

        SpoolOutlet back = outlet(SHOP, new ExporterAccounts(shop));
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
        SpoolOutlet other = outlet(BLOG, new ExporterAccounts(accounts(BLOG)));
        ServiceAccounts shop = accounts(SHOP);
        SpoolOutlet gone = outlet(SHOP, new ExporterAccounts(shop));
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
        SpoolOutlet second = outlet(SHOP, new ExporterAccounts(null));

        export(second, batch(3), 3);

        assertThat(spool().counts(SHOP).requests()).isZero();
        next(sender.refused);
        end(second);
    }
}
