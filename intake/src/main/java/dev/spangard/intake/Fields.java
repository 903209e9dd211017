// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.Address;
import dev.spangard.telemetry.Failure;
import dev.spangard.wire.MarshalReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fields that several kinds of records have, as docs/wire-protocol.md says: each method reads one value, of whatever type
 * it is, and goes on behind it. All throw {@link dev.spangard.wire.MalformedException} for what cannot be read.
 */
final class Fields {
    /** Texts of captured headers, names and values together. */
    private static final int MAX_HEADER_TEXTS = 512;

    private Fields() {}

    static void expect(MarshalReader in, int wanted, int fields) {
        if (fields != wanted) {
            throw in.malformed("record of " + fields + " fields, not " + wanted);
        }
    }

    /** Servers and middlewares put things into a scope that are no text: as good as none. */
    static @Nullable String repeatedOrNone(MarshalReader in) {
        if (in.nextIsStr()) {
            return in.repeatedStr(Limits.TEXT);
        }
        in.skip();
        return null;
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

    /** {@code [host, port]}; anything else that a server may put there is none. */
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

    static List<String> headers(MarshalReader in) {
        if (in.nextIsNone()) {
            return List.of();
        }
        int texts = in.list();
        if (texts == 0) {
            return List.of();
        }
        if (texts % 2 != 0 || texts > MAX_HEADER_TEXTS) {
            throw in.malformed(texts + " names and values of captured headers");
        }
        List<String> headers = new ArrayList<>(texts);
        for (int i = 0; i < texts; i++) {
            headers.add(in.repeatedBytesAsText(Limits.TEXT));
        }
        return headers;
    }

    static Failure failure(MarshalReader in) {
        if (in.sequence() != 4) {
            throw in.malformed("failure without its 4 fields");
        }
        String type = in.repeatedStr(Limits.TEXT);
        String message = in.nextIsNone() ? "" : in.str(Limits.TEXT);
        String stacktrace = in.nextIsNone() ? "" : in.str(Limits.STACKTRACE);
        return new Failure(type, message, stacktrace, says(in));
    }

    /** Of an unsampled request: what was raised, and what that says. */
    static @Nullable Failure briefFailure(MarshalReader in) {
        if (in.nextIsNone()) {
            return null;
        }
        if (in.sequence() != 2) {
            throw in.malformed("failure without its 2 fields");
        }
        return new Failure(in.repeatedStr(Limits.TEXT), "", "", says(in));
    }

    private static Failure.Says says(MarshalReader in) {
        return switch (in.int32()) {
            case 1 -> Failure.Says.CANCELLED;
            case 2 -> Failure.Says.CLIENT_LEFT;
            default -> Failure.Says.FAILED;
        };
    }
}
