// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

/**
 * A setting with which telemetry cannot be made, such as an exporter there is none of. The message is one sentence that
 * names the variable; it is shown to the application's developer, so it never holds a header or another secret.
 */
public final class ConfigurationException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String line;

    /**
     * Makes the exception without a stack trace: it tells of a value, not of a place in the code.
     *
     * @param line one sentence without secrets
     */
    public ConfigurationException(String line) {
        super(line, null, false, false);
        this.line = line;
    }

    @Override
    public String getMessage() {
        return line;
    }
}
