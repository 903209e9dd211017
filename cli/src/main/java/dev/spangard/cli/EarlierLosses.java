// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Counts;
import dev.spangard.export.ServiceBooks;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.LongSupplier;

/**
 * Books, and says, what an earlier engine lost of services that have not come back to this one. Whoever comes back within
 * {@link ServiceRegistry#UNUSED_FOR} has it in books of its own. Run about once a second, by one thread.
 */
final class EarlierLosses implements Runnable {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final ServiceBooks books;
    private final LongSupplier nanoTime;
    private final long openedNanos;
    private boolean isOver;

    /** @param nanoTime as {@link System#nanoTime} */
    EarlierLosses(ServiceBooks books, LongSupplier nanoTime) {
        this.books = books;
        this.nanoTime = nanoTime;
        this.openedNanos = nanoTime.getAsLong();
    }

    @Override
    public void run() {
        if (isOver || nanoTime.getAsLong() - openedNanos < ServiceRegistry.UNUSED_FOR.toNanos()) {
            return;
        }
        isOver = true;
        Counts lost = books.forgetLost();
        if (!lost.equals(Counts.NONE)) {
            LOG.log(
                    Level.WARNING,
                    () -> "lost with an earlier engine, which had read them, of services that have not come back: "
                            + lost.requests() + " requests and " + lost.spans() + " spans of applications' own");
        }
    }
}
