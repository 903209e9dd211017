// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.intake.Caller;
import dev.spangard.intake.Hello;
import java.util.Map;

/** Recorders for tests. */
final class TestHello {
    /** One of the engine's user, whose output cannot be written to. */
    static final Caller OWN = new Caller("me", false, null);

    private TestHello() {}

    static Hello.WorkerProcess process(String instance) {
        return new Hello.WorkerProcess(
                4711,
                instance,
                "cpython",
                "3.12.1",
                "3.12.1 (main)",
                "machine",
                "amd64",
                "uvicorn",
                null,
                "0.1.0",
                null);
    }

    static Hello of(long recorderId, String instance, Map<String, String> settings) {
        return new Hello(recorderId, 0, 0, 0, Hello.SpanCounts.NONE, process(instance), settings);
    }
}
