// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/** Stands for a file, whatever comes to bear its name later; opens nothing of it. One thread at a time. */
final class Descriptor implements Closeable {
    /** The bytes written at a time, so that what fits is whole between what others write. */
    private static final int CHUNK = 1 << 20;

    private static final int APPENDING = LibC.WRITE_ONLY | LibC.APPEND;

    private final int number;

    private Descriptor(int number) {
        this.number = number;
    }

    /**
     * Opens a descriptor of what is at this path now.
     *
     * @param path absolute
     */
    static Descriptor of(String path) throws IOException {
        return new Descriptor(LibC.open(LibC.NOWHERE, path, LibC.PATH | LibC.CLOSE_ON_EXEC));
    }

    /** Opens a descriptor of what is in this directory at {@code path}. */
    Descriptor at(String path) throws IOException {
        return new Descriptor(LibC.open(number, path, LibC.PATH | LibC.CLOSE_ON_EXEC));
    }

    private String path() {
        return "/proc/self/fd/" + number;
    }

    /** Returns an attribute of the file: {@code mode}, {@code uid}, {@code rdev} … */
    Object attribute(String name) throws IOException {
        return Files.getAttribute(Path.of(path()), "unix:" + name);
    }

    /**
     * Opens the file to write at its end; the stream is the caller's to close. It does not wait, as for the reader of a
     * pipe that has none: that is a failure. It makes no terminal the engine's.
     */
    OutputStream append() throws IOException {
        int flags = APPENDING | LibC.NON_BLOCKING | LibC.NO_CONTROLLING_TERMINAL | LibC.CLOSE_ON_EXEC;
        int opened = LibC.open(LibC.NOWHERE, path(), flags);
        try {
            LibC.setFlags(opened, APPENDING);
            return new Appending(opened);
        } catch (IOException | RuntimeException e) {
            LibC.close(opened);
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        LibC.close(number);
    }

    private static final class Appending extends OutputStream {
        private final int number;
        private final AtomicBoolean closed = new AtomicBoolean();

        Appending(int number) {
            this.number = number;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            if (closed.get()) {
                throw new IOException("closed");
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment chunk = arena.allocate(Math.min(CHUNK, length));
                for (int written = 0; written < length; ) {
                    int part = Math.min(CHUNK, length - written);
                    MemorySegment.copy(bytes, from + written, chunk, ValueLayout.JAVA_BYTE, 0, part);
                    written += written(chunk.asSlice(0, part));
                }
            }
        }

        private int written(MemorySegment bytes) throws IOException {
            while (true) {
                try {
                    return LibC.write(number, bytes);
                } catch (LibC.FailedException e) {
                    if (e.errno != LibC.INTERRUPTED) {
                        throw e;
                    }
                }
            }
        }

        @Override
        public void close() throws IOException {
            if (closed.compareAndSet(false, true)) {
                LibC.close(number);
            }
        }
    }
}
