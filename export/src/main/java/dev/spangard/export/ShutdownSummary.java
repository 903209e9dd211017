// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * What became of a queue's items after its shutdown had begun.
 *
 * @param delivered taken by the exporter
 * @param abandoned not delivered when the time was over
 * @param unanswered handed to the exporter, without an answer
 */
record ShutdownSummary(long delivered, long abandoned, long unanswered) {
    private static final Logger LOG = System.getLogger("spangard.engine");

    /** Writes one line, a warning if anything is lost or may be; none if there was nothing. */
    void log(String title, Outlet<?> outlet) {
        if (delivered + abandoned + unanswered > 0) {
            Level level = abandoned + unanswered > 0 ? Level.WARNING : Level.INFO;
            LOG.log(
                    level,
                    () -> title + ": at the end " + outlet.exported() + " " + delivered + " " + outlet.item()
                            + "s, abandoned " + abandoned + ", " + unanswered + " without an answer");
        }
    }
}
