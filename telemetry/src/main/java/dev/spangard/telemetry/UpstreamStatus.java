// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/**
 * The status of a response as the {@code upstream} profile judges it (PARITY 2.3).
 *
 * @param code negative if the text is no whole number from 0 on
 * @param text as it was sent
 */
public record UpstreamStatus(int code, String text) {
    private static final int FIRST = 100;
    private static final int INTERNAL_SERVER_ERROR = 500;

    /** The status that a WebSocket's messages count as. */
    static final UpstreamStatus OK = of(200);

    /** Returns the status of this number. */
    public static UpstreamStatus of(int code) {
        return new UpstreamStatus(Math.max(-1, code), Integer.toString(code));
    }

    /** Returns the status of something that is no number, as Python shows it. */
    public static UpstreamStatus of(String text) {
        return new UpstreamStatus(-1, text);
    }

    boolean isNumber() {
        return code >= 0;
    }

    boolean isError() {
        return code < FIRST || code >= INTERNAL_SERVER_ERROR;
    }

    /** Returns the description of the span's status; empty for none. */
    String description() {
        return isNumber() ? "" : "Non-integer HTTP status: " + text;
    }
}
