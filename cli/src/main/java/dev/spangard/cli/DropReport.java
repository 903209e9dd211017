// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.ServiceBooks;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Logs one line when a service begins to lose requests and one when it has stopped, not one a second. */
final class DropReport {
    private static final Logger LOG = System.getLogger("spangard.engine");
    /** Calls of {@link #logChanges} without a loss after which the losing has stopped. */
    static final int QUIET_LOOKS = 10;

    private final Map<ServiceAccounts, Losses> known = new HashMap<>();

    private static final class Losses {
        private long dropped;
        private long before;
        /** As that, by reason. */
        private final Map<DropReason, Long> beforeByReason = new EnumMap<>(DropReason.class);

        /** How many more calls without a loss end it; 0 when nothing is being lost. */
        private int looksLeft;

        /** The next sentences are of what comes after this. */
        private void noteReasons(ServiceAccounts accounts) {
            for (DropReason reason : DropReason.values()) {
                beforeByReason.put(reason, accounts.dropped(reason));
            }
        }
    }

    /** Logs what has begun or ended since the last call. Called about once a second, by one thread. */
    void logChanges(List<ServiceBooks.KnownService> rows) {
        known.keySet()
                .retainAll(
                        rows.stream().map(ServiceBooks.KnownService::accounts).toList());
        for (ServiceBooks.KnownService row : rows) {
            Losses losses = known.computeIfAbsent(row.accounts(), accounts -> new Losses());
            long dropped = row.accounts().dropped();
            if (dropped > losses.dropped) {
                if (losses.looksLeft == 0) {
                    losses.before = losses.dropped;
                    long begun = dropped - losses.before;
                    LOG.log(
                            Level.WARNING,
                            () -> row.name() + ": losing requests, " + begun + " so far: " + reasons(row, losses));
                }
                losses.dropped = dropped;
                losses.looksLeft = QUIET_LOOKS;
            } else if (losses.looksLeft > 0 && --losses.looksLeft == 0) {
                long lost = dropped - losses.before;
                LOG.log(
                        Level.WARNING,
                        () -> row.name() + ": no longer losing requests, " + lost + " were lost: "
                                + reasons(row, losses));
                losses.noteReasons(row.accounts());
            }
        }
    }

    private static String reasons(ServiceBooks.KnownService row, Losses losses) {
        List<String> reasons = new ArrayList<>();
        for (DropReason reason : DropReason.values()) {
            long dropped = row.accounts().dropped(reason) - losses.beforeByReason.getOrDefault(reason, 0L);
            if (dropped > 0) {
                reasons.add(reason.attributeValue() + " " + dropped);
            }
        }
        return String.join(", ", reasons);
    }
}
