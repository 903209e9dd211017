// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.intake.Accounts;
import dev.spangard.intake.Digest;
import java.util.function.Function;

/**
 * Where one service's exporters have their spools.
 *
 * @param service its key's
 * @param accounts of the service that a folder belongs to
 */
record ServiceSpool(Spool spool, Digest service, Function<SpoolFolder, Accounts> accounts) {
    /** An exporter's. */
    SpoolFolder folder(String exporter, OtlpSettings settings) {
        return spool.folder(service, Digest.of(exporter + ' ' + settings.destination()));
    }

    /**
     * By way of a folder; begins to drain what is there.
     *
     * @param title in the log
     * @param name of the thread
     * @param options the limits of the exporter, which has them with the drain
     */
    SpoolOutlet outlet(
            String title,
            String name,
            SpoolFolder folder,
            OtlpOutlet target,
            SpanQueueOptions options,
            ExportBooks books) {
        var drain = new SpoolDrain(title, name, spool, folder, target, options, books, accounts);
        return new SpoolOutlet(title, target, folder, drain.start(), books);
    }
}
