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

    /** What a WebSocket's messages count as. */
    static final UpstreamStatus OK = of(200);

    public static UpstreamStatus of(int code) {
        return new UpstreamStatus(Math.max(-1, code), Integer.toString(code));
    }

    /** Of something that is no number. */
    public static UpstreamStatus of(String text) {
        return new UpstreamStatus(-1, text);
    }

    boolean isNumber() {
        return code >= 0;
    }

    boolean isError() {
        return code < FIRST || code >= INTERNAL_SERVER_ERROR;
    }

    /** Of the span; empty for none. */
    String description() {
        return isNumber() ? "" : "Non-integer HTTP status: " + text;
    }
}
