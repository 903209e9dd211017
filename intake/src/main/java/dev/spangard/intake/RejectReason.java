// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

/** Why the intake ended a connection itself. */
public enum RejectReason {
    /** The process is another user's. */
    OTHER_USER("refused", "user"),
    /** The recorder is older than the engine. */
    OLDER("refused", "older_version"),
    /** The recorder is newer than the engine. */
    NEWER("refused", "newer_version"),
    /** There were as many connections as allowed. */
    TOO_MANY("refused", "connections"),
    /** {@link ServiceProvider} would not have the recorder: its settings, or too many services. */
    SETTINGS("refused", "settings"),
    /** The engine failed. */
    FAILURE("refused", "failure"),
    /** The connection sent what is not the protocol. */
    MALFORMED("cut_off", "malformed"),
    /** The large frames of all connections held as much memory as allowed. */
    MEMORY("cut_off", "memory");

    private final String outcome;
    private final String reason;

    RejectReason(String outcome, String reason) {
        this.outcome = outcome;
        this.reason = reason;
    }

    /**
     * Returns the {@code outcome} label of {@code spangard_connections}: {@code refused}, told why; {@code cut_off}, in
     * the middle.
     */
    public String outcome() {
        return outcome;
    }

    /** Returns the {@code reason} label of {@code spangard_connections}. */
    public String reason() {
        return reason;
    }
}
