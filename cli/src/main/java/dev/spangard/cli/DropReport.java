// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.DropReason;
import dev.spangard.books.SignalAccounts;
import dev.spangard.export.ServiceBooks;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Logs one line when a service begins to lose requests, or spans of its own, and one when it has stopped, not one a second. */
final class DropReport {
    private static final Logger LOG = System.getLogger("spangard.engine");
    /** Calls of {@link #logChanges} without a loss after which the losing has stopped. */
    static final int QUIET_LOOKS = 10;

    private final Map<SignalAccounts, Losses> known = new HashMap<>();

    private static final class Losses {
        private long dropped;
        private long before;
        /** As that, by reason. */
        private final Map<DropReason, Long> beforeByReason = new EnumMap<>(DropReason.class);

        /** How many more calls without a loss end it; 0 when nothing is being lost. */
        private int looksLeft;

        /** The next sentences are of what comes after this. */
        private void noteReasons(SignalAccounts accounts) {
            for (DropReason reason : DropReason.values()) {
                beforeByReason.put(reason, accounts.dropped(reason));
            }
        }
    }

    /** Logs what has begun or ended since the last call. Called about once a second, by one thread. */
    void logChanges(List<ServiceBooks.KnownService> rows) {
        known.keySet()
                .retainAll(rows.stream()
                        .map(ServiceBooks.KnownService::accounts)
                        .flatMap(accounts -> Stream.of(accounts, accounts.spans()))
                        .toList());
        for (ServiceBooks.KnownService row : rows) {
            logChanges(row, row.accounts(), "requests");
            logChanges(row, row.accounts().spans(), "spans of its own");
        }
    }

    private void logChanges(ServiceBooks.KnownService row, SignalAccounts accounts, String what) {
        Losses losses = known.computeIfAbsent(accounts, none -> new Losses());
        long dropped = accounts.dropped();
        if (dropped > losses.dropped) {
            if (losses.looksLeft == 0) {
                losses.before = losses.dropped;
                long begun = dropped - losses.before;
                LOG.log(
                        Level.WARNING,
                        () -> row.name() + ": losing " + what + ", " + begun + " so far: " + reasons(accounts, losses));
            }
            losses.dropped = dropped;
            losses.looksLeft = QUIET_LOOKS;
        } else if (losses.looksLeft > 0 && --losses.looksLeft == 0) {
            long lost = dropped - losses.before;
            LOG.log(
                    Level.WARNING,
                    () -> row.name() + ": no longer losing " + what + ", " + lost + " were lost: "
                            + reasons(accounts, losses));
            losses.noteReasons(accounts);
        }
    }

    private static String reasons(SignalAccounts accounts, Losses losses) {
        List<String> reasons = new ArrayList<>();
        for (DropReason reason : DropReason.values()) {
            long dropped = accounts.dropped(reason) - losses.beforeByReason.getOrDefault(reason, 0L);
            if (dropped > 0) {
                reasons.add(reason.attributeValue() + " " + dropped);
            }
        }
        return String.join(", ", reasons);
    }
}
