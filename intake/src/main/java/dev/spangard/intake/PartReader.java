// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.trace.StatusCode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads parts of a record, each of which, if it is malformed, costs no more than itself. */
record PartReader(MarshalReader in) {
    /** Reads of a list those elements that can be read; none of any other value. */
    <T> List<T> all(Supplier<T> read) {
        if (!in.nextIsSequence()) {
            in.skip();
            return List.of();
        }
        List<T> found = new ArrayList<>();
        for (int left = in.sequence(); left > 0; left--) {
            T one = oneOr(read, null);
            if (one != null) {
                found.add(one);
            }
        }
        return found;
    }

    <T extends @Nullable Object> T oneOr(Supplier<? extends T> read, T otherwise) {
        int from = in.position();
        try {
            return read.get();
        } catch (MalformedException e) {
            in.position(from);
            in.skip();
            return otherwise;
        }
    }

    static StatusCode statusCode(MarshalReader in) {
        int code = in.int32();
        return switch (code) {
            case 0 -> StatusCode.UNSET;
            case 1 -> StatusCode.OK;
            case 2 -> StatusCode.ERROR;
            default -> throw in.malformed("status code " + code);
        };
    }
}
