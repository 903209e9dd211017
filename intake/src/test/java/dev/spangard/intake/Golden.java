// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Frames that CPython wrote: wire/src/test/golden/make.py. */
final class Golden {
    /** The batches among them. */
    static final List<String> BATCHES =
            List.of("http", "websocket", "unsampled", "open", "announced", "event_part", "failure", "summed");

    private Golden() {}

    static byte[] frame(String name) throws IOException {
        return Files.readAllBytes(Path.of("../wire/src/test/golden", name + ".bin"));
    }
}
