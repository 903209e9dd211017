// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Header lines in their order, repeated ones kept, as raw bytes (HTTP, Connection Scope and Response Start). Immutable.
 *
 * <p>Two are equal if they have the same lines, byte for byte, in the same order.
 */
public final class Headers implements Iterable<Header> {
    /** The headers without any line. */
    public static final Headers EMPTY = new Headers(new ByteString[0]);

    /** The lines as name, value, name, value … */
    private final ByteString[] lines;
    /** A bit is set here for the length of each name, modulo 64: most names that are looked for are not there. */
    private final long nameLengths;

    /** Whether the lines were found to be fit for a response. Two threads that race find the same. */
    private boolean sendable;

    private Headers(ByteString[] lines) {
        this.lines = lines;
        long lengths = 0;
        for (int i = 0; i < lines.length; i += 2) {
            lengths |= 1L << lines[i].length();
        }
        this.nameLengths = lengths;
    }

    /**
     * Makes headers of {@code name, value, name, value …}, each in UTF-8.
     *
     * @throws IllegalArgumentException if a name is without its value
     */
    public static Headers of(String... lines) {
        if (lines.length % 2 != 0) {
            throw new IllegalArgumentException(lines.length + " names and values are no pairs");
        }
        Builder builder = builder();
        for (int i = 0; i < lines.length; i += 2) {
            builder.add(lines[i], lines[i + 1]);
        }
        return builder.build();
    }

    /** Returns a builder without any line. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that has these lines already. */
    public Builder toBuilder() {
        Builder builder = builder();
        builder.lines.addAll(Arrays.asList(lines));
        return builder;
    }

    /** Returns how many lines there are. */
    public int size() {
        return lines.length / 2;
    }

    /** Whether there are no lines. */
    public boolean isEmpty() {
        return lines.length == 0;
    }

    /** Returns the name of this line, counted from 0, as it was sent. */
    public ByteString name(int line) {
        return lines[2 * line];
    }

    /** Returns the value of this line, counted from 0, as it was sent. */
    public ByteString value(int line) {
        return lines[2 * line + 1];
    }

    /**
     * Returns the value of the first line of this name.
     *
     * @param name upper and lower case do not matter
     * @return null if there is no such line
     */
    public @Nullable ByteString first(ByteString name) {
        int line = indexOf(name, 0);
        return line < 0 ? null : value(line);
    }

    /** Returns the values of all lines of this name, in their order. */
    public List<ByteString> all(ByteString name) {
        List<ByteString> values = new ArrayList<>(2);
        for (int line = indexOf(name, 0); line >= 0; line = indexOf(name, line + 1)) {
            values.add(value(line));
        }
        return values;
    }

    /** Returns the number of the first line of this name from {@code fromLine} on; -1 if there is none. */
    public int indexOf(ByteString name, int fromLine) {
        if ((nameLengths & 1L << name.length()) == 0) {
            return -1;
        }
        for (int i = 2 * fromLine; i < lines.length; i += 2) {
            if (lines[i].equalsIgnoreCase(name)) {
                return i / 2;
            }
        }
        return -1;
    }

    @Override
    public Iterator<Header> iterator() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < size();
            }

            @Override
            public Header next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Header header = new Header(name(next), value(next));
                next++;
                return header;
            }
        };
    }

    /**
     * Checks what an application sends: names in lower case, no pseudo headers (HTTP, Response Start).
     *
     * @throws IllegalArgumentException naming the header
     */
    void checkSendable() {
        if (sendable) {
            return;
        }
        for (int i = 0; i < lines.length; i += 2) {
            ByteString name = lines[i];
            if (name.isEmpty() || name.byteAt(0) == ':' || name.hasUpperCase()) {
                throw new IllegalArgumentException(
                        "header \"" + name + "\" must have a name in lower case, without a colon in front");
            }
        }
        sendable = true;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof Headers that && Arrays.equals(lines, that.lines));
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(lines);
    }

    /** Returns the names only, since values may be secrets. */
    @Override
    public String toString() {
        StringBuilder names = new StringBuilder("Headers[");
        for (int line = 0; line < size(); line++) {
            names.append(line == 0 ? "" : ", ").append(name(line));
        }
        return names.append(']').toString();
    }

    /** Collects lines. Not thread-safe. */
    public static final class Builder {
        private final List<ByteString> lines = new ArrayList<>();

        private Builder() {}

        /** Adds a line behind those that are there. */
        public Builder add(ByteString name, ByteString value) {
            lines.add(name);
            lines.add(value);
            return this;
        }

        /** Adds a line whose name and value become UTF-8. */
        public Builder add(String name, String value) {
            return add(ByteString.of(name), ByteString.of(value));
        }

        /** Returns the headers with these lines. The builder may be used further. */
        public Headers build() {
            return lines.isEmpty() ? EMPTY : new Headers(lines.toArray(ByteString[]::new));
        }
    }
}
