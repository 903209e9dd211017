// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ClientDisconnectedException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What the application raised.
 *
 * @param type qualified name of the exception's class; a builtin one of Python unqualified
 * @param says what it says of the request
 */
public record Failure(String type, String message, String stacktrace, Says says) {
    /** What an exception is told for. */
    public enum Says {
        /** Something went wrong. */
        FAILED,
        /** The task was cancelled. */
        CANCELLED,
        /** The client is gone: raised by a server or framework in an application that would go on. */
        CLIENT_LEFT
    }

    /** @param cancellation whether it says that the task was cancelled, not that something went wrong in it */
    public Failure(String type, String message, String stacktrace, boolean cancellation) {
        this(type, message, stacktrace, cancellation ? Says.CANCELLED : Says.FAILED);
    }

    /**
     * What a Java application failed with, out of the wrappings of futures.
     *
     * @param told whether message and stack trace are wanted, too
     */
    static Failure of(Throwable thrown, boolean told) {
        Throwable failure = thrown;
        while ((failure instanceof CompletionException || failure instanceof ExecutionException)
                && failure.getCause() != null) {
            failure = failure.getCause();
        }
        Says says = failure instanceof CancellationException || failure instanceof InterruptedException
                ? Says.CANCELLED
                : failure instanceof ClientDisconnectedException ? Says.CLIENT_LEFT : Says.FAILED;
        String canonical = failure.getClass().getCanonicalName();
        String type = canonical == null ? failure.getClass().getName() : canonical;
        if (!told) {
            return new Failure(type, "", "", says);
        }
        return new Failure(type, message(failure), stacktrace(failure), says);
    }

    /** An exception may have code of its own in it, which may fail. */
    private static String message(Throwable failure) {
        try {
            @Nullable String message = failure.getMessage();
            return message == null ? "" : message;
        } catch (RuntimeException e) {
            return "";
        }
    }

    private static String stacktrace(Throwable failure) {
        StringWriter trace = new StringWriter();
        try {
            failure.printStackTrace(new PrintWriter(trace));
        } catch (RuntimeException e) {
            return trace.toString();
        }
        return trace.toString();
    }
}
