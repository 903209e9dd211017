// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * Remembers {@link Series}, so that a request like an earlier one allocates none.
 *
 * <p>A table in which a newcomer replaces the older one: bounded whatever routes and errors there are, as only those are
 * remembered whose series is admitted. Thread-safe without locks: series are immutable, and a race only makes one again.
 */
final class SeriesCache {
    private static final int SLOTS = 1024;

    private final @Nullable Series[] slots = new @Nullable Series[SLOTS];
    private final SeriesLimit limit;

    SeriesCache(SeriesLimit limit) {
        this.limit = limit;
    }

    /** Returns the series of an exchange that ended like this. */
    Series of(Exchange exchange, Ending ending) {
        int slot = (SeriesKey.hash(exchange, ending) * 0x9E3779B9) >>> 22;
        Series known = slots[slot];
        if (known == null || !known.key().isOf(exchange, ending)) {
            known = Series.of(SeriesKey.of(exchange, ending));
            if (limit.admitted(known.attributes()).equals(known.attributes())) {
                slots[slot] = known;
            }
        }
        return known;
    }
}
