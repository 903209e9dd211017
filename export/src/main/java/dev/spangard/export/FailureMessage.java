// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.Settings;
import java.io.EOFException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

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
                    return "TLS failed: " + tls(String.valueOf(e.getMessage()));
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
        if (isBroken(last, message)) {
            return "it broke the connection, as what does not speak the protocol does";
        }
        return message == null ? last.getClass().getSimpleName() : Settings.shortened(message);
    }

    private static String tls(String message) {
        if (message.contains("PKIX path")) { // and the name of a class
            return "its certificate is not trusted";
        }
        return message.startsWith("Unrecognized SSL message") ? "it does not speak it" : Settings.shortened(message);
    }

    /** Whether a connection ended before its answer: what says so differs from one try to the next. */
    private static boolean isBroken(Throwable cause, @Nullable String message) {
        return cause instanceof SocketException
                || cause instanceof EOFException
                || cause.getClass().getName().startsWith("okhttp3.internal.")
                || (message != null && (message.startsWith("FRAME_SIZE_ERROR") || message.equals("Broken pipe")));
    }

    private static String unanswered(Duration timeout) {
        return "no answer within " + timeout.toMillis() + " ms";
    }
}
