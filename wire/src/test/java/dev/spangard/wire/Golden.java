// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Frames that CPython wrote: wire/src/test/golden/make.py. */
final class Golden {
    static final List<String> NAMES = List.of(
            "hello",
            "goodbye",
            "welcome",
            "refused",
            "http",
            "websocket",
            "unsampled",
            "measured_with",
            "open",
            "announced",
            "event_part",
            "failure",
            "summed",
            "ends",
            "upstream",
            "upstream_open",
            "spans",
            "values");

    private Golden() {}

    static byte[] frame(String name) {
        try {
            return Files.readAllBytes(Path.of("src/test/golden", name + ".bin"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] payload(String name) {
        byte[] frame = frame(name);
        return Arrays.copyOfRange(frame, FrameAssembler.PREFIX_BYTES, frame.length);
    }

    static MarshalReader reader(String name) {
        byte[] payload = payload(name);
        return new MarshalReader().reset(payload, 0, payload.length);
    }
}
