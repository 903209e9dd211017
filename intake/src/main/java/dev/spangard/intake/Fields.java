// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.Address;
import dev.spangard.telemetry.Failure;
import dev.spangard.telemetry.Request;
import dev.spangard.wire.MarshalReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fields that several kinds of records have, as docs/wire-protocol.md says: each method reads one value, of whatever type
 * it is, and goes on behind it. All throw {@link dev.spangard.wire.MalformedException} for what cannot be read.
 */
final class Fields {
    /** The most texts of captured headers, names and values together. */
    private static final int MAX_HEADER_TEXTS = 512;

    private Fields() {}

    static void expect(MarshalReader in, int wanted, int fields) {
        if (fields != wanted) {
            throw in.malformed("record of " + fields + " fields, not " + wanted);
        }
    }

    /** Begins a sequence that has so many values. */
    static void begin(MarshalReader in, int values) {
        int found = in.sequence();
        if (found != values) {
            throw in.malformed("sequence of " + found + " values, not " + values);
        }
    }

    /**
     * Reads a text that is often the same. Servers and middlewares put things into a scope that are no text: those are
     * as good as none.
     */
    static @Nullable String repeatedOrNone(MarshalReader in) {
        if (in.nextIsStr()) {
            return in.repeatedStr(Limits.TEXT);
        }
        in.skip();
        return null;
    }

    /** Reads a scheme. True stands for the one that most requests of this kind have. */
    static @Nullable String scheme(MarshalReader in, Request.Kind kind) {
        return usualOrRepeated(in, kind == Request.Kind.HTTP ? "http" : "ws");
    }

    /** Reads a version of HTTP. True stands for the one that most requests have. */
    static @Nullable String httpVersion(MarshalReader in) {
        return usualOrRepeated(in, "1.1");
    }

    private static @Nullable String usualOrRepeated(MarshalReader in, String usual) {
        if (in.nextIsBool()) {
            return in.bool() ? usual : null;
        }
        return repeatedOrNone(in);
    }

    static String path(MarshalReader in) {
        if (in.nextIsStr()) {
            return in.str(Limits.TEXT);
        }
        if (in.nextIsBytes()) {
            return in.bytesAsText(Limits.TEXT);
        }
        in.skip();
        return "";
    }

    /** Reads {@code [host, port]}; anything else that a server may put there is none. */
    static @Nullable Address address(MarshalReader in) {
        if (!in.nextIsSequence()) {
            in.skip();
            return null;
        }
        int from = in.position();
        String host = null;
        int port = Address.NO_PORT;
        int values = in.sequence();
        if (values > 0 && in.nextIsStr()) {
            host = in.repeatedStr(Limits.TEXT);
            if (values > 1) {
                port = in.int32Or(Address.NO_PORT);
            }
        }
        in.position(from);
        in.skip();
        if (host == null || host.isEmpty()) {
            return null;
        }
        return new Address(host, port < 0 || port > Address.MAX_PORT ? Address.NO_PORT : port);
    }

    /** Reads bytes as text; none of any other value. */
    static String bytesAsText(MarshalReader in) {
        if (in.nextIsBytes()) {
            return in.bytesAsText(Limits.TEXT);
        }
        in.skip();
        return "";
    }

    /** Reads bytes as text, as {@link #bytesAsText} does, that are often the same. */
    static String repeatedBytesAsText(MarshalReader in) {
        String text = repeatedBytesAsTextOrNone(in);
        return text == null ? "" : text;
    }

    static @Nullable String repeatedBytesAsTextOrNone(MarshalReader in) {
        if (in.nextIsBytes()) {
            return in.repeatedBytesAsText(Limits.TEXT);
        }
        in.skip();
        return null;
    }

    /** Reads a text, of which the first {@code maxBytes} bytes are taken; null for any other value. */
    static @Nullable String textOrNone(MarshalReader in, int maxBytes) {
        if (in.nextIsStr()) {
            return in.str(maxBytes);
        }
        in.skip();
        return null;
    }

    static List<String> headers(MarshalReader in) {
        if (!in.nextIsSequence()) {
            in.skip();
            return List.of();
        }
        int texts = in.sequence();
        if (texts == 0) {
            return List.of();
        }
        if (texts % 2 != 0 || texts > MAX_HEADER_TEXTS) {
            throw in.malformed(texts + " names and values of captured headers");
        }
        List<String> headers = new ArrayList<>(texts);
        for (int i = 0; i < texts; i++) {
            headers.add(repeatedBytesAsText(in));
        }
        return headers;
    }

    /** Reads a failure; null for what is none. */
    static @Nullable Failure failure(MarshalReader in) {
        if (!in.nextIsSequence()) {
            in.skip();
            return null;
        }
        if (in.sequence() != 4) {
            throw in.malformed("failure without its 4 fields");
        }
        String type = repeatedOrNone(in);
        String message = textOrNone(in, Limits.TEXT);
        String stacktrace = textOrNone(in, Limits.STACKTRACE);
        return new Failure(
                type == null ? "" : type,
                message == null ? "" : message,
                stacktrace == null ? "" : stacktrace,
                says(in));
    }

    /** Reads the failure of an unsampled request: what was raised, and what that says; null for what is none. */
    static @Nullable Failure briefFailure(MarshalReader in) {
        if (!in.nextIsSequence()) {
            in.skip();
            return null;
        }
        if (in.sequence() != 2) {
            throw in.malformed("failure without its 2 fields");
        }
        String type = repeatedOrNone(in);
        return new Failure(type == null ? "" : type, "", "", says(in));
    }

    private static Failure.Says says(MarshalReader in) {
        return switch (in.int32Or(0)) {
            case 1 -> Failure.Says.CANCELLED;
            case 2 -> Failure.Says.CLIENT_LEFT;
            default -> Failure.Says.FAILED;
        };
    }
}
