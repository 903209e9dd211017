// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/**
 * What the application raised.
 *
 * @param type qualified name of the exception's class; a builtin one unqualified
 * @param cancellation whether it says that the task was cancelled, not that something went wrong in it
 */
public record Failure(String type, String message, String stacktrace, boolean cancellation) {}
