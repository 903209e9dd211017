// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import static dev.spangard.books.LedgerFile.NONE;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * The lines of the recorders that are connected, in the {@link LedgerFile} while it has slots for them. Used under the
 * {@link Ledger}'s lock only.
 */
final class RecorderLines {
    private final LedgerFile file;
    private final LongFunction<ServiceAccounts> booksOf;
    private final Map<Long, Held> inUse = new HashMap<>();

    /** A line in use, by one connection, or by two of one recorder while one takes over from the other. */
    private static final class Held {
        final RecorderCounts line;
        final long service;
        final boolean isRemembered;
        int users;

        Held(RecorderCounts line, long service, boolean isRemembered) {
            this.line = line;
            this.service = service;
            this.isRemembered = isRemembered;
        }
    }

    /** @param booksOf the books of a service, for one more entry */
    RecorderLines(LedgerFile file, LongFunction<ServiceAccounts> booksOf) {
        this.file = file;
        this.booksOf = booksOf;
    }

    /** As {@link Ledger#recorder}. */
    RecorderCounts take(long id, long service, boolean isGuest) {
        Held held = inUse.get(id);
        if (held == null) {
            long slot = slot(id, service, isGuest);
            boolean isRemembered = slot != NONE;
            MemorySegment memory = isRemembered ? file.line(slot) : Ledger.unremembered(LedgerFile.LINE_BYTES);
            held = new Held(new RecorderCounts(memory), service, isRemembered);
            inUse.put(id, held);
        } else if (held.service != service) {
            return new RecorderCounts(Ledger.unremembered(LedgerFile.LINE_BYTES));
        }
        held.users++;
        return held.line;
    }

    private long slot(long id, long service, boolean isGuest) {
        long slot = file.recorder(id, isGuest, inUse::containsKey);
        if (slot == NONE) {
            return NONE;
        }
        long before = file.serviceOf(slot);
        boolean isKnown = file.owner(slot) == id;
        if (before != 0 && (before != service || !isKnown)) {
            // What it reported and nobody read is in the books of that service, and is none of this one's.
            new RecorderCounts(file.line(slot)).settle(booksOf.apply(before));
        }
        if (!isKnown) {
            file.give(slot, id, isGuest);
        }
        file.usedNow(slot, service);
        return slot;
    }

    /** As {@link Ledger#release}. */
    void release(long id, RecorderCounts line, ServiceAccounts accounts) {
        Held held = inUse.get(id);
        boolean isRemembered = held != null && held.line == line && held.isRemembered;
        if (letGo(id, line) && !isRemembered) {
            line.settle(accounts);
        }
    }

    /** As {@link Ledger#forget(long, RecorderCounts, ServiceAccounts)}. */
    void forget(long id, RecorderCounts line, ServiceAccounts accounts) {
        line.settle(accounts);
        if (letGo(id, line)) {
            line.clear();
        }
    }

    /** Takes one user from the line; returns whether nobody has it any more. */
    private boolean letGo(long id, RecorderCounts line) {
        Held held = inUse.get(id);
        if (held == null || held.line != line) {
            return true;
        }
        held.users--;
        return held.users == 0 && inUse.remove(id, held);
    }
}
