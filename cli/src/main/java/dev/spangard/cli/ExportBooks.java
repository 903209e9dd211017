// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.intake.Accounts;
import dev.spangard.intake.DropReason;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What became of the spans of one exporter. A service with several exporters has one whose fate counts as that of the
 * request: its books are kept in the service's {@link Accounts} too, so that a request is counted once.
 */
final class ExportBooks implements SpanTally {
    private final @Nullable Accounts accounts;
    private final LongAdder delivered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder overflowed = new LongAdder();

    ExportBooks(@Nullable Accounts accounts) {
        this.accounts = accounts;
    }

    @Override
    public void starts(int spans, int requests) {
        if (accounts != null) {
            accounts.exportStarts(requests);
        }
    }

    @Override
    public void ended(int spans, int requests, boolean wasDelivered) {
        (wasDelivered ? delivered : failed).add(spans);
        if (accounts != null) {
            accounts.exportEnded(requests, wasDelivered);
        }
    }

    @Override
    public void overflowed(int spans, int requests) {
        overflowed.add(spans);
        if (accounts != null) {
            accounts.drop(DropReason.QUEUE, requests);
        }
    }

    @Override
    public void abandoned(int spans, int requests) {
        failed.add(spans);
        if (accounts != null) {
            accounts.drop(DropReason.EXPORT, requests);
        }
    }

    long delivered() {
        return delivered.sum();
    }

    long failed() {
        return failed.sum();
    }

    long overflowed() {
        return overflowed.sum();
    }
}
