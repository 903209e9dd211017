// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Digest;
import dev.spangard.settings.OtlpSettings;

/**
 * Where one service's exporters have their spools.
 *
 * @param service its key's
 * @param books of what becomes of them
 */
public record ServiceSpool(Spool spool, Digest service, SpoolBooks books) {
    /** An exporter's. */
    public SpoolFolder folder(String exporter, OtlpSettings settings) {
        return spool.folder(service, Digest.of(exporter + ' ' + settings.destination()));
    }

    /**
     * By way of a folder; begins to drain what is there.
     *
     * @param title in the log
     * @param agenda the drain's
     * @param options the limits of the exporter, which has them with the drain
     */
    public SpoolOutlet outlet(
            String title,
            Agenda agenda,
            SpoolFolder folder,
            OtlpOutlet target,
            SpanQueueOptions options,
            ExporterAccounts exporter) {
        var drain = new SpoolDrain(title, agenda, spool, folder, target, options, exporter, books);
        return new SpoolOutlet(title, target, folder, drain.start(), exporter);
    }
}
