// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who drains a {@link SpoolFolder}: one at a time has acquired the lease. The drain of the exporter whose own folder it
 * is comes first; others of the same destination take a folder that nobody owns. Any thread may call it; none waits.
 */
final class DrainLease {
    private final AtomicBoolean isAcquired = new AtomicBoolean();
    /** How many exporters have the folder as their own. */
    private final AtomicInteger owners = new AtomicInteger();

    /** Makes the caller the one who drains; false if somebody else is. */
    boolean acquire() {
        return isAcquired.compareAndSet(false, true);
    }

    /** Lets others drain, after {@link #acquire}. */
    void release() {
        isAcquired.set(false);
    }

    /** An exporter of this engine drains the folder as its own, from now on. */
    void addOwner() {
        owners.incrementAndGet();
    }

    /** The exporter drains it no more, after {@link #addOwner}. */
    void removeOwner() {
        owners.decrementAndGet();
    }

    /** Whether an exporter of this engine has the folder as its own. */
    boolean isOwned() {
        return owners.get() > 0;
    }
}
