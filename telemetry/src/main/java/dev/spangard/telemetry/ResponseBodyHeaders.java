// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ByteString;
import dev.spangard.asgi.Headers;
import java.util.List;
import java.util.Locale;

/** Reads what the headers of a response say of its body. */
final class ResponseBodyHeaders {
    private static final ByteString CONTENT_LENGTH = ByteString.of("content-length");
    private static final ByteString CONTENT_TYPE = ByteString.of("content-type");
    private static final ByteString TRANSFER_ENCODING = ByteString.of("transfer-encoding");
    private static final String EVENT_STREAM = "text/event-stream";
    private static final int MAX_LENGTH_DIGITS = 18;

    private ResponseBodyHeaders() {}

    /**
     * Records the length that was promised, or that it is an event stream. Lengths that differ, that are no number, of a body
     * in chunks or before trailers promise nothing (RFC 9112, 6.3).
     */
    static void record(Headers headers, boolean trailers, Conversation into) {
        ByteString type = headers.first(CONTENT_TYPE);
        if (type != null && type.toString().toLowerCase(Locale.ROOT).startsWith(EVENT_STREAM)) {
            into.eventStream();
            return;
        }
        if (trailers || headers.first(TRANSFER_ENCODING) != null) {
            return;
        }
        List<ByteString> lengths = headers.all(CONTENT_LENGTH);
        if (!lengths.isEmpty() && lengths.stream().allMatch(lengths.getFirst()::equals)) {
            String length = lengths.getFirst().toString();
            if (length.length() <= MAX_LENGTH_DIGITS && isNumber(length)) {
                into.promised(Long.parseLong(length));
            }
        }
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
