// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Digest;
import dev.spangard.settings.OtlpSettings;

/**
 * The part of the spool that one service's exporters have. Whoever assembles the service calls it, on one thread.
 *
 * @param service the digest of the service's key
 * @param books where it is booked what becomes of the records
 */
public record ServiceSpool(Spool spool, Digest service, SpoolBooks books) {
    /** The folder of an exporter, by its name and where it sends to. */
    public SpoolFolder folder(String exporter, OtlpSettings settings) {
        return spool.folder(service, Digest.of(exporter + ' ' + settings.destination()));
    }

    /**
     * Makes an outlet that sends by way of a folder, and begins to drain what is there.
     *
     * @param title in the log
     * @param agenda the drain's alone: it closes it
     * @param options the limits of the exporter, which hold for the drain
     * @param exporter shared by the queue and the drain
     */
    public SpoolOutlet outlet(
            String title,
            Agenda agenda,
            SpoolFolder folder,
            OtlpOutlet target,
            BatchQueueOptions options,
            ExporterAccounts exporter) {
        var drain = new SpoolDrain(title, agenda, spool, folder, target, options, exporter, books);
        return new SpoolOutlet(title, target, folder, drain.start(), exporter);
    }
}
