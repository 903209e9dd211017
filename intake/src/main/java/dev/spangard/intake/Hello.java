// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.Digest;
import dev.spangard.wire.MarshalReader;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who a recorder says it is (docs/wire-protocol.md, HELLO). Immutable.
 *
 * @param recorderId random, new in each process, not 0
 * @param sent finished requests written to earlier connections of this recorder
 * @param seen requests finished in this process so far
 * @param dropped of those, dropped by the recorder
 * @param spans the same of the spans that the application made by OpenTelemetry's API
 * @param process what the process says of itself
 * @param settings the process's {@code OTEL_*} and {@code SPANGARD_*} variables
 */
public record Hello(
        long recorderId,
        long sent,
        long seen,
        long dropped,
        SpanCounts spans,
        WorkerProcess process,
        Map<String, String> settings) {
    /** The version of the wire this engine speaks. */
    public static final int VERSION = 4;

    static final int KIND = 0;
    /** The most bytes of its frame: what a connection may hold that has not introduced itself. */
    static final int MAX_BYTES = (64 << 10) - 4;
    /** The most entries of {@code process} or {@code settings}. */
    static final int MAX_ENTRIES = 512;
    /** The most characters of one key or value. */
    static final int MAX_TEXT = 8 << 10;

    private static final int FIELDS = 9;

    /** What a recorder says of spans: written to earlier connections, ended so far, and of those dropped by it. */
    public record SpanCounts(long sent, long seen, long dropped) {
        /** Of a process that makes none. */
        public static final SpanCounts NONE = new SpanCounts(0, 0, 0);
    }

    /** Copies the settings. */
    public Hello {
        settings = Map.copyOf(settings);
    }

    /**
     * What the application's process says of itself; null where it says nothing.
     *
     * @param pid the process's id in its own container
     * @param instance equal in all workers of one server, different in two servers
     * @param runtimeName {@code cpython}
     * @param runtimeVersion the interpreter's
     * @param runtimeDescription the interpreter's, with its compiler
     * @param hostName of the machine
     * @param hostArch of the machine
     * @param command the program's name
     * @param service a service name to fall back to
     * @param version spangard's
     * @param terminal the name of the terminal that is its standard output; null if that is none. Nothing is believed
     *     of it but that there is one
     */
    public record WorkerProcess(
            long pid,
            String instance,
            @Nullable String runtimeName,
            @Nullable String runtimeVersion,
            @Nullable String runtimeDescription,
            @Nullable String hostName,
            @Nullable String hostArch,
            @Nullable String command,
            @Nullable String service,
            @Nullable String version,
            @Nullable String terminal) {

        /** Whether standard output is a terminal. */
        public boolean tty() {
            return terminal != null;
        }
    }

    /**
     * Returns the same of another user's process. Who it says it is counts among that user's only: nobody comes to the
     * counts, or cuts off the connection, of another user's recorder.
     */
    Hello of(String user) {
        long id = Digest.of(user + ' ' + recorderId).prefix64() & Long.MAX_VALUE;
        return new Hello(Math.max(1, id), sent, seen, dropped, spans, process, settings);
    }

    /** Thrown for another version than ours: the layout behind it is unknown. */
    static final class OtherVersion extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final boolean newer;

        OtherVersion(int version) {
            super(
                    "This engine speaks version " + VERSION + " of the spangard protocol, the recorder version "
                            + version + ": "
                            + (version > VERSION
                                    ? "replace the engine, which is the older one."
                                    : "upgrade spangard in the application, which is the older one."),
                    null,
                    false,
                    false);
            newer = version > VERSION;
        }

        RejectReason turned() {
            return newer ? RejectReason.NEWER : RejectReason.OLDER;
        }
    }

    static Hello read(MarshalReader in) {
        int fields = in.tuple();
        if (fields < 2 || in.int32() != KIND) {
            throw in.malformed("the first frame is not HELLO");
        }
        int version = in.int32();
        if (version != VERSION) {
            throw new OtherVersion(version);
        }
        if (fields != FIELDS) {
            throw in.malformed("HELLO of " + fields + " fields, not " + FIELDS);
        }
        long recorderId = count(in, "recorder_id");
        if (recorderId == 0) {
            throw in.malformed("recorder_id 0");
        }
        long sent = count(in, "sent");
        long seen = count(in, "seen");
        long dropped = count(in, "dropped");
        SpanCounts spans = spans(in);
        Map<String, Object> process = readDict(in);
        Map<String, String> settings = new HashMap<>();
        readDict(in).forEach((key, value) -> {
            if (value instanceof String text) {
                settings.put(key, text);
            }
        });
        return new Hello(recorderId, sent, seen, dropped, spans, process(in, process), settings);
    }

    private static WorkerProcess process(MarshalReader in, Map<String, Object> from) {
        if (!(from.get("pid") instanceof Long pid)) {
            throw in.malformed("HELLO without pid");
        }
        if (!(from.get("instance") instanceof String instance)) {
            throw in.malformed("HELLO without instance");
        }
        return new WorkerProcess(
                pid,
                instance,
                text(from, "runtime.name"),
                text(from, "runtime.version"),
                text(from, "runtime.description"),
                text(from, "host.name"),
                text(from, "host.arch"),
                text(from, "command"),
                text(from, "service"),
                text(from, "version"),
                text(from, "tty"));
    }

    private static @Nullable String text(Map<String, Object> from, String key) {
        return from.get(key) instanceof String text ? text : null;
    }

    private static SpanCounts spans(MarshalReader in) {
        if (in.nextIsNone()) {
            return SpanCounts.NONE;
        }
        Fields.begin(in, 3);
        return new SpanCounts(count(in, "spans sent"), count(in, "spans seen"), count(in, "spans dropped"));
    }

    private static long count(MarshalReader in, String field) {
        long value = in.int64();
        if (value < 0) {
            throw in.malformed(field + " " + value + " is negative");
        }
        return value;
    }

    /** Reads a dict of str to str, int or None; None is left out. */
    private static Map<String, Object> readDict(MarshalReader in) {
        Map<String, Object> entries = new HashMap<>();
        in.dict();
        while (!in.dictEnds()) {
            if (entries.size() == MAX_ENTRIES) {
                throw in.malformed("dict of more than " + MAX_ENTRIES + " entries");
            }
            String key = text(in);
            if (!in.nextIsNone()) {
                entries.put(key, in.nextIsStr() ? text(in) : (Object) in.int64());
            }
        }
        return entries;
    }

    private static String text(MarshalReader in) {
        String text = in.str();
        if (text.length() > MAX_TEXT) {
            throw in.malformed("text of " + text.length() + " characters, allowed are " + MAX_TEXT);
        }
        return text;
    }
}
