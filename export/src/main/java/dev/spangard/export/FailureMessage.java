// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.Settings;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Says in a few words for the log what went wrong on the way to a collector. */
final class FailureMessage {
    private FailureMessage() {}

    static String of(Throwable failure, Duration timeout) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case TimeoutException e -> {
                    return unanswered(timeout);
                }
                case HttpTimeoutException e -> {
                    return unanswered(timeout);
                }
                case UnknownHostException e -> {
                    return "its host name is not known";
                }
                case UnresolvedAddressException e -> {
                    return "its host name is not known";
                }
                case SSLException e -> {
                    return "TLS failed: " + Settings.shortened(String.valueOf(e.getMessage()));
                }
                default -> {}
            }
        }
        Throwable last = failure;
        boolean isRefused = last instanceof ConnectException;
        while (last.getCause() != null) {
            last = last.getCause();
            isRefused |= last instanceof ConnectException;
        }
        // Asked last: one is around an unknown host name, too.
        if (isRefused) {
            return "nobody listens there";
        }
        String message = last.getMessage();
        return message == null ? last.getClass().getSimpleName() : Settings.shortened(message);
    }

    private static String unanswered(Duration timeout) {
        return "no answer within " + timeout.toMillis() + " ms";
    }
}
