// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

/** Why the intake ended a connection itself. */
public enum RejectReason {
    /** Another user's process. */
    OTHER_USER("refused", "user"),
    /** The recorder is older than the engine. */
    OLDER("refused", "older_version"),
    /** The recorder is newer than the engine. */
    NEWER("refused", "newer_version"),
    /** As many connections as allowed were there. */
    TOO_MANY("refused", "connections"),
    /** {@link ServiceProvider} would not have it: its settings, or too many services. */
    SETTINGS("refused", "settings"),
    /** A failure of the engine. */
    FAILURE("refused", "failure"),
    /** What it sent was not the protocol. */
    MALFORMED("cut_off", "malformed"),
    /** Large frames of all connections held as much memory as allowed. */
    MEMORY("cut_off", "memory");

    private final String outcome;
    private final String reason;

    RejectReason(String outcome, String reason) {
        this.outcome = outcome;
        this.reason = reason;
    }

    /** As in the {@code outcome} label: {@code refused}, told why; {@code cut_off}, in the middle. */
    public String outcome() {
        return outcome;
    }

    /** As in the {@code reason} label. */
    public String reason() {
        return reason;
    }
}
