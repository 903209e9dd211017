// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

/** Why the intake ended a connection itself. */
public enum RejectReason {
    /** The process is another user's. */
    OTHER_USER("refused", "user", 60),
    /** The recorder is older than the engine. */
    OLDER("refused", "older_version", 60),
    /** The recorder is newer than the engine. */
    NEWER("refused", "newer_version", 60),
    /** There were as many connections as allowed. */
    TOO_MANY("refused", "connections", 5),
    /** {@link ServiceProvider} would not have the recorder: its settings, or too many services. */
    SETTINGS("refused", "settings", 60),
    /** The engine failed. */
    FAILURE("refused", "failure", 5),
    /** The connection sent what is not the protocol. */
    MALFORMED("cut_off", "malformed", 0),
    /** The large frames of all connections held as much memory as allowed. */
    MEMORY("cut_off", "memory", 0);

    private final String outcome;
    private final String reason;
    private final int againSeconds;

    RejectReason(String outcome, String reason, int againSeconds) {
        this.outcome = outcome;
        this.reason = reason;
        this.againSeconds = againSeconds;
    }

    /** Returns the seconds after which it is of use for a refused recorder to ask again: few for what passes by itself. */
    int againSeconds() {
        return againSeconds;
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
