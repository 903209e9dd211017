// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import org.jspecify.annotations.Nullable;

/**
 * One exporter of a service, with its queue and its accounts.
 *
 * @param exporter its name in {@code OTEL_TRACES_EXPORTER}
 * @param spool its folder on disk; null if it does not spool
 */
public record ExporterPipe(
        String exporter,
        SpanQueue<?> queue,
        ExporterAccounts books,
        @Nullable SpoolFolder spool) {}
