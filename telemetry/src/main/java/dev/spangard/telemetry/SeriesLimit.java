// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;

/** Which series measurements may make; in the engine {@code cli.ServiceSeriesLimit} says so. Thread-safe; asked once a request, and so without locks for what is known. */
@FunctionalInterface
public interface SeriesLimit {
    /** The limit that lets through as many as the SDK's own limit does. */
    SeriesLimit NONE = attributes -> attributes;

    /**
     * Returns the series of a measurement with these attributes: they themselves, or those of the one series for all
     * further ones. Called on the thread that ends a request; must not block.
     */
    Attributes admitted(Attributes attributes);
}
