// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

/** Why a finished request did not become an exported span or a measurement. */
public enum DropReason {
    /** The recorder's buffer was full; the recorder counted it. */
    RECORDER(0, "recorder"),
    /** Written to a connection, never read from it. */
    CONNECTION(1, "connection"),
    /** A record, or a part of one, that does not follow docs/wire-protocol.md, or that the engine failed at. */
    MALFORMED(2, "malformed"),
    /** The span queue was full. */
    QUEUE(3, "queue"),
    /** The exporter gave up. */
    EXPORT(4, "export"),
    /** Read by an engine that ended before exporting it. */
    ENGINE(5, "engine"),
    /** Handed to the exporter, and no answer came before the engine was killed or ended: the collector may have it. */
    UNCONFIRMED(6, "unconfirmed"),
    /** Read and left out because the engine had more to do than it can. */
    INTAKE(7, "intake"),
    /** The collector took the rest of the export and said that it rejects this part: OTLP's partial success. */
    REJECTED(8, "rejected"),
    /** Still queued when the time to shut down was over. */
    SHUTDOWN(9, "shutdown"),
    /** Written to a spool that does not have it any more: its files are damaged or gone. */
    SPOOL(10, "spool");

    /** Which of the ledger's counters it is: part of the file's layout, so never renumbered. */
    private final int slot;

    private final String attributeValue;

    DropReason(int slot, String attributeValue) {
        this.slot = slot;
        this.attributeValue = attributeValue;
    }

    int slot() {
        return slot;
    }

    /** The reason as it appears in the {@code reason} attribute of metrics. */
    public String attributeValue() {
        return attributeValue;
    }
}
