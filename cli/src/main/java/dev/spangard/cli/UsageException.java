// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

/**
 * Thrown for a command line that is wrong. The message is the one line the user reads; the process ends with code 2.
 */
final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String line;

    UsageException(String line) {
        super(line, null, false, false);
        this.line = line;
    }

    @Override
    public String getMessage() {
        return line;
    }
}
