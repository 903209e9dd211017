// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.CompletableResultCode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Writes one line to the log when an exporter begins to fail or fails otherwise than before, and one when it exports
 * again. Thread-safe: of the SDK's exporters results come on their clients' threads.
 */
final class ExportFailureLog {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final String title;
    private final String item;
    /** The failure that the last line was about; null if all is well. */
    private final AtomicReference<@Nullable String> logged = new AtomicReference<>();

    /**
     * Begins with an exporter that has not failed.
     *
     * @param title whose failures they are, and where it exports to: no secrets
     * @param item what the exporter exports, in the singular
     */
    ExportFailureLog(String title, String item) {
        this.title = title;
        this.item = item;
    }

    /** Logs what came of an attempt: null if all was delivered. */
    void log(@Nullable Throwable failure) {
        if (failure != null) {
            String message = failure.getMessage();
            String trying = failure instanceof ExportException fault && fault.mayPass() ? ", trying again" : "";
            log((message == null ? failure.getClass().getSimpleName() : message) + trying);
        } else if (logged.getAndSet(null) != null) {
            LOG.log(Level.INFO, () -> title + ": " + item + "s are exported again");
        }
    }

    /**
     * Logs what comes of an export by one of the SDK's exporters, which tries again by itself before it answers.
     *
     * @param timeout the exporter's
     * @return {@code result}
     */
    CompletableResultCode watched(CompletableResultCode result, Duration timeout) {
        return result.whenComplete(
                () -> log(result.isSuccess() ? null : ExportException.ofSdk(result.getFailureThrowable(), timeout)));
    }

    /** Logs that an attempt was not answered in time. */
    void logUnanswered() {
        log("no answer in time");
    }

    /** Logs that the exporter threw, with the stack trace, as that is a defect. */
    void logDefect(Throwable defect) {
        LOG.log(Level.WARNING, () -> "the " + item + " exporter failed", defect);
        log(defect);
    }

    private void log(String failure) {
        if (!failure.equals(logged.getAndSet(failure))) {
            LOG.log(Level.WARNING, () -> title + ": " + item + "s are not exported: " + failure);
        }
    }
}
