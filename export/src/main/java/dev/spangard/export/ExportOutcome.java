// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.DropReason;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What becomes of an item that was given to an exporter's queue. */
public enum ExportOutcome {
    DELIVERED(null),
    FAILED(DropReason.EXPORT),
    REJECTED(DropReason.REJECTED),
    QUEUE_FULL(DropReason.QUEUE),
    SHUTDOWN(DropReason.SHUTDOWN),
    /** No answer came while anybody waited for it. */
    UNCONFIRMED(DropReason.UNCONFIRMED),
    /** It was in a spool that is damaged. */
    CORRUPT(DropReason.SPOOL);

    private final @Nullable DropReason reason;

    ExportOutcome(@Nullable DropReason reason) {
        this.reason = reason;
    }

    /** The outcome as it appears in the {@code outcome} attribute of metrics. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Why a request with this outcome counts as dropped; null if it does not. */
    @Nullable
    DropReason reason() {
        return reason;
    }
}
