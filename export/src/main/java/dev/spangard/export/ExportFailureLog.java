// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/** One line in the log when an exporter's trouble begins or becomes another, one when it is over. One thread. */
final class ExportFailureLog {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final String title;
    private @Nullable String said;

    /**
     * Says nothing yet.
     *
     * @param title whose trouble it is
     */
    ExportFailureLog(String title) {
        this.title = title;
    }

    /** What came of a try: null if all was delivered. */
    void tell(@Nullable Throwable failure) {
        if (failure != null) {
            String message = failure.getMessage();
            String trying = failure instanceof ExportException fault && fault.mayPass() ? ", trying again" : "";
            tell((message == null ? failure.getClass().getSimpleName() : message) + trying);
        } else if (said != null) {
            said = null;
            LOG.log(Level.INFO, () -> title + ": exports again");
        }
    }

    void tell(String what) {
        if (!what.equals(said)) {
            said = what;
            LOG.log(Level.WARNING, () -> title + ": spans are not exported: " + what);
        }
    }
}
