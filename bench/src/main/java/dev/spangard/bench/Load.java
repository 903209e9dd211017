// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.bench;

import dev.spangard.intake.Hello;
import dev.spangard.wire.MarshalWriter;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Frames as a recorder under load writes them: 128 finished, sampled requests each. */
enum Load {
    /** A request answered at once: two events. */
    HELLO("hello, 2 events"),
    /** Twenty events: a request body, eighteen chunks, the end. */
    STREAM("stream, 20 events");

    static final int RECORDS = 128;

    private static final double MONO_S = 5000.0;
    private static final byte[] NOTHING = {};

    final String title;

    Load(String title) {
        this.title = title;
    }

    static byte[] hello(long recorderId) {
        return new MarshalWriter()
                .tuple(9)
                .integer(0)
                .integer(Hello.VERSION)
                .integer(recorderId)
                .integer(0)
                .integer(0)
                .integer(0)
                .none()
                .dict()
                .str("pid")
                .integer(4711)
                .str("instance")
                .str("bench")
                .str("runtime.name")
                .str("cpython")
                .dictEnd()
                .dict()
                .str("OTEL_SERVICE_NAME")
                .str("bench")
                .dictEnd()
                .frame();
    }

    static byte[] goodbye(long seen) {
        return new MarshalWriter()
                .tuple(5)
                .integer(2)
                .integer(seen)
                .integer(0)
                .none()
                .integer(0)
                .frame();
    }

    /**
     * One batch.
     *
     * @param seen requests finished so far, these included
     * @param random makes the ids; each record has its own
     */
    byte[] batch(long seq, long seen, long wallNanos, Random random) {
        MarshalWriter out = new MarshalWriter()
                .tuple(8)
                .integer(1)
                .integer(seq)
                .integer(seen)
                .integer(0)
                .none()
                .integer(wallNanos)
                .float64(MONO_S)
                .list(RECORDS);
        for (int i = 0; i < RECORDS; i++) {
            record(out, MONO_S - 0.1 + i * 1e-4, random);
        }
        return out.frame();
    }

    private void record(MarshalWriter out, double start, Random random) {
        out.tuple(28).integer(1).float64(start).float64(start + 0.0012);
        out.unsigned128(random.nextLong(), random.nextLong());
        out.integer(random.nextLong() >>> 1 | 1);
        out.bytes(NOTHING).none();
        out.str("GET").bool(true).bool(true).none().str("/items/" + random.nextInt(1000));
        out.bytes(NOTHING).none();
        out.tuple(2).str("127.0.0.1").integer(30_000 + random.nextInt(20_000));
        out.bytes(ascii("localhost:8000"))
                .bytes(ascii("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"));
        out.bytes(NOTHING).none();
        out.str("/items/{item_id}").integer(200).none().none();
        events(out, start);
        out.integer(0).none().none().integer(4711);
    }

    private void events(MarshalWriter out, double start) {
        switch (this) {
            case HELLO -> {
                out.list(6);
                out.integer(1).float64(start + 0.001).integer(0);
                out.integer(3).float64(start + 0.0011).integer(17);
            }
            case STREAM -> {
                out.list(4 + 19 * 3);
                out.integer(16).float64(start).float64(start).integer(0);
                out.integer(1).float64(start + 0.0002).integer(0);
                for (int chunk = 0; chunk < 16; chunk++) {
                    out.integer(2).float64(start + 0.0003 + chunk * 1e-5).integer(1024);
                }
                out.integer(3).float64(start + 0.001).integer(0);
                out.integer(4).float64(start + 0.0011).integer(0);
            }
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
