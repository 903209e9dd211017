// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MarshalWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Frames as a recorder writes them. */
final class Frames {
    /** One record. */
    interface Written {
        void to(MarshalWriter out);
    }

    private Frames() {}

    static byte[] hello(long recorderId, long sent, long seen, long dropped) {
        return hello(Hello.VERSION, recorderId, sent, seen, dropped);
    }

    static byte[] hello(int version, long recorderId, long sent, long seen, long dropped) {
        return hello(version, recorderId, sent, seen, dropped, Map.of("OTEL_SERVICE_NAME", "shop"));
    }

    static byte[] hello(long recorderId, Map<String, String> settings) {
        return hello(Hello.VERSION, recorderId, 0, 0, 0, settings);
    }

    private static byte[] hello(
            int version, long recorderId, long sent, long seen, long dropped, Map<String, String> settings) {
        MarshalWriter out = new MarshalWriter()
                .tuple(9)
                .integer(0)
                .integer(version)
                .integer(recorderId)
                .integer(sent)
                .integer(seen)
                .integer(dropped)
                .none()
                .dict()
                .str("pid")
                .integer(4711)
                .str("instance")
                .str("host-4711")
                .str("service")
                .none()
                .dictEnd()
                .dict();
        settings.forEach((name, value) -> out.str(name).str(value));
        return out.dictEnd().frame();
    }

    /** When the process of {@link #goodbye} ended. */
    static final long GOODBYE_NANOS = 1_700_000_123_000_000_000L;

    static byte[] goodbye(long seen, long dropped) {
        return new MarshalWriter()
                .tuple(5)
                .integer(2)
                .integer(seen)
                .integer(dropped)
                .none()
                .integer(GOODBYE_NANOS)
                .frame();
    }

    /** A batch made at 1.7e18 ns, when the monotonic clock showed 1000.0. */
    static byte[] batch(long seen, long dropped, Written... records) {
        return batch(seen, dropped, Arrays.asList(records));
    }

    static byte[] batch(long seen, long dropped, List<Written> records) {
        MarshalWriter out = new MarshalWriter()
                .tuple(8)
                .integer(1)
                .integer(0)
                .integer(seen)
                .integer(dropped)
                .none()
                .integer(1_700_000_000_000_000_000L)
                .float64(1000.0)
                .list(records.size());
        for (Written record : records) {
            record.to(out);
        }
        return out.frame();
    }

    /** A finished, sampled {@code GET /} answered with 200 in half a second. */
    static Written http(long spanId) {
        return http(spanId, "");
    }

    /** The same with this query. */
    static Written http(long spanId, String query) {
        return out -> request(out, 1, spanId, query);
    }

    /** The same while it runs. */
    static Written open(long spanId) {
        return out -> request(out, 5, spanId, "");
    }

    private static void request(MarshalWriter out, int kind, long spanId, String query) {
        boolean finished = kind == 1;
        out.tuple(28).integer(kind).float64(999.0);
        if (finished) {
            out.float64(999.5);
        } else {
            out.none();
        }
        out.unsigned128(7, spanId)
                .integer(spanId)
                .bytes(new byte[0])
                .none()
                .str("GET")
                .str("http")
                .str("1.1")
                .none()
                .str("/")
                .bytes(query.getBytes(StandardCharsets.US_ASCII))
                .none()
                .tuple(2)
                .str("127.0.0.1")
                .integer(51234)
                .bytes("localhost".getBytes(StandardCharsets.US_ASCII))
                .bytes(new byte[0])
                .bytes(new byte[0])
                .none();
        if (finished) {
            out.str("/").integer(200).none().none().list(6);
            out.integer(1).float64(999.1).integer(0);
            out.integer(3).float64(999.5).integer(2);
        } else {
            out.none().none().none().none().none();
        }
        out.integer(0).none().none().integer(4711);
    }

    /** A finished, unsampled request. */
    static Written unsampled() {
        return out -> out.tuple(15)
                .integer(3)
                .float64(999.0)
                .float64(999.5)
                .str("GET")
                .str("http")
                .str("1.1")
                .none()
                .integer(200)
                .integer(0)
                .integer(2)
                .float64(999.1)
                .float64(999.1)
                .none()
                .none()
                .none();
    }

    /** A record told with so many attributes of the application's own for its measurements. */
    static Written measuredWith(int attributes, Written record) {
        return out -> {
            out.tuple(3).integer(17).dict();
            for (int i = 0; i < attributes; i++) {
                out.str("k" + i).str("v");
            }
            record.to(out.dictEnd());
        };
    }

    static Written openUnsampled(long spanId) {
        return out -> out.tuple(6)
                .integer(7)
                .float64(990.0)
                .integer(spanId)
                .str("GET")
                .str("http")
                .none();
    }

    /** A finished request in which the path is an int. */
    static Written malformed() {
        return out -> out.tuple(12)
                .integer(1)
                .float64(999.0)
                .float64(999.5)
                .integer(5)
                .integer(6)
                .bytes(new byte[0])
                .none()
                .str("GET")
                .none()
                .none()
                .none()
                .integer(5);
    }
}
