// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.nio.charset.StandardCharsets;

/**
 * What a collector says to an export of spans that it took: {@code ExportTraceServiceResponse} of opentelemetry-proto,
 * whose one field of interest is
 *
 * <pre>partial_success = 1 { int64 rejected_spans = 1; string error_message = 2; }</pre>
 *
 * @param rejected how many spans were not taken; 0 when all were
 * @param message why, or a warning; empty if there is none
 */
record PartialSuccess(long rejected, String message) {
    static final PartialSuccess NONE = new PartialSuccess(0, "");

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;
    private static final int MAX_VARINT_BYTES = 10;

    /** Reads any bytes; what is no such message says nothing. Never throws. */
    static PartialSuccess read(byte[] response) {
        var reader = new Reader(response, 0, response.length);
        PartialSuccess found = NONE;
        while (reader.next()) {
            if (reader.field == 1 && reader.wire == BYTES) {
                found = of(new Reader(response, reader.from, reader.to));
            }
        }
        return reader.isBroken ? NONE : found;
    }

    private static PartialSuccess of(Reader reader) {
        long rejected = 0;
        String message = "";
        while (reader.next()) {
            if (reader.field == 1 && reader.wire == VARINT) {
                rejected = reader.value;
            } else if (reader.field == 2 && reader.wire == BYTES) {
                message = new String(reader.bytes, reader.from, reader.to - reader.from, StandardCharsets.UTF_8);
            }
        }
        return reader.isBroken ? NONE : new PartialSuccess(Math.max(0, rejected), message);
    }

    /** Steps through the fields of one message. */
    private static final class Reader {
        private final byte[] bytes;
        private final int end;
        private int at;
        private boolean isBroken;

        private long field;
        private int wire;
        private long value;
        private int from;
        private int to;

        Reader(byte[] bytes, int from, int end) {
            this.bytes = bytes;
            this.at = from;
            this.end = end;
        }

        boolean next() {
            if (at >= end || isBroken) {
                return false;
            }
            long tag = varint();
            field = tag >>> 3;
            wire = (int) (tag & 7);
            switch (wire) {
                case VARINT -> value = varint();
                case FIXED64 -> skip(Long.BYTES);
                case FIXED32 -> skip(Integer.BYTES);
                case BYTES -> skip(varint());
                default -> isBroken = true;
            }
            return !isBroken;
        }

        private void skip(long length) {
            if (length < 0 || length > end - at) {
                isBroken = true;
                return;
            }
            from = at;
            at += (int) length;
            to = at;
        }

        private long varint() {
            long result = 0;
            for (int i = 0; i < MAX_VARINT_BYTES && at < end; i++) {
                byte next = bytes[at++];
                result |= (long) (next & 0x7f) << (7 * i);
                if (next >= 0) {
                    return result;
                }
            }
            isBroken = true;
            return 0;
        }
    }
}
