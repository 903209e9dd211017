// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How many descriptors this process may have open, and how many connections fit into that. Whoever comes when there are
 * none left is not even told so.
 */
final class DescriptorLimit {
    /** What a connection takes: its channel, and the two of a selector. */
    static final int OF_A_CONNECTION = 3;
    /** What the rest of an engine may take, exporters' connections and the spool's files above all. */
    static final int OF_THE_REST = 256;
    /** What it has open when it has no connection yet, its jars above all, and one exporter takes. */
    static final int OF_AN_IDLE_ENGINE = 80;

    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String ROW = "Max open files";

    private DescriptorLimit() {}

    /** Returns how many connections there is room for, at least 1 and at most {@code most}. */
    static int connections(int most) {
        try {
            return connections(most, softLimit(Files.readAllLines(LIMITS)));
        } catch (IOException e) {
            return most; // Not Linux, where a JVM has 10,240.
        }
    }

    static int connections(int most, long descriptors) {
        long rest = Math.clamp(descriptors / 2, OF_AN_IDLE_ENGINE, OF_THE_REST);
        return Math.clamp((descriptors - rest) / OF_A_CONNECTION, 1, most);
    }

    /** Reads proc_pid_limits(5): name, soft limit, hard limit and unit, in columns. */
    static long softLimit(List<String> limits) {
        for (String row : limits) {
            if (row.startsWith(ROW)) {
                String soft = row.substring(ROW.length()).strip().split("\\s+", 2)[0];
                return soft.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(soft);
            }
        }
        return Long.MAX_VALUE;
    }
}
