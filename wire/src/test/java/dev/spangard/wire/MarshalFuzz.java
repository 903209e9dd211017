// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * Fuzz target: a reader ends at a value's end or throws {@link MalformedException}, never reads past the payload, and
 * allocates in proportion to what is there. {@code ./dev fuzz} runs it coverage-guided, {@link MarshalCorpusTest} with what
 * is in the corpus.
 */
public final class MarshalFuzz {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long ALLOWANCE_BYTES = 1 << 20;

    private MarshalFuzz() {}

    /** Jazzer's entry. The first byte chooses how the rest is read. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length == 0) {
            return;
        }
        long bound = ALLOWANCE_BYTES + 64L * data.length;
        // The first time may load classes, and the fuzzer may instrument them.
        long allocated = run(data) <= bound ? 0 : run(data);
        if (allocated > bound) {
            throw new AssertionError(allocated + " bytes allocated for " + data.length);
        }
    }

    /** Returns the bytes allocated. */
    private static long run(byte[] data) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        MarshalReader reader = new MarshalReader();
        reader.reset(data, 1, data.length);
        try {
            while (reader.remaining() > 0) {
                int at = reader.position();
                read(reader, data[0] + at);
                if (reader.position() <= at || reader.remaining() < 0) {
                    throw new AssertionError("from " + at + " to " + reader.position());
                }
            }
        } catch (MalformedException e) {
            if (e.position() < 0 || e.position() > data.length - 1) {
                throw new AssertionError("noticed at " + e.position() + " of " + (data.length - 1), e);
            }
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** By the type that comes next where the choice is even, else by one that may be wrong. */
    private static void read(MarshalReader reader, int choice) {
        switch (choice & 15) {
            case 1 -> reader.int32();
            case 3 -> reader.unsigned64();
            case 5 -> reader.unsigned128();
            case 7 -> reader.float64();
            case 9 -> reader.repeatedStr(100);
            case 11 -> reader.bytesAsText(100);
            case 13 -> reader.int32Or(0);
            case 15 -> reader.sequence();
            default -> fitting(reader);
        }
    }

    private static void fitting(MarshalReader reader) {
        if (reader.nextIsStr()) {
            reader.str(1 << 20);
        } else if (reader.nextIsBytes()) {
            reader.repeatedBytesAsText(1 << 20);
        } else if (reader.nextIsInt()) {
            reader.int64();
        } else if (reader.nextIsFloat()) {
            reader.float64();
        } else if (reader.nextIsBool()) {
            reader.bool();
        } else if (reader.nextIsSequence()) {
            int at = reader.position();
            reader.sequence();
            reader.position(at);
            reader.skip();
        } else {
            reader.skip();
        }
    }
}
