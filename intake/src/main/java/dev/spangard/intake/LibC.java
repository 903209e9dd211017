// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The few calls of the C library that Java has no word for, as Linux has them on all processors that Java 25 runs on. Made
 * when first used, which takes some 50 ms of CPU. Thread-safe.
 */
@SuppressWarnings("restricted") // the engine is started with --enable-native-access
final class LibC {
    static final int WRITE_ONLY = 1;
    static final int NO_CONTROLLING_TERMINAL = 0400;
    static final int APPEND = 02000;
    static final int NON_BLOCKING = 04000;
    static final int CLOSE_ON_EXEC = 02000000;
    /** The flag of a descriptor that stands for a file and opens nothing of it. */
    static final int PATH = 010000000;

    static final int INTERRUPTED = 4;

    /** The directory of paths that are absolute: {@code AT_FDCWD}. */
    static final int NOWHERE = -100;

    private static final int F_SETFL = 4;
    private static final int SOL_SOCKET = 1;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong SIZE = ValueLayout.JAVA_LONG;
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURED.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle OPENAT =
            function("openat", FunctionDescriptor.of(INT, INT, POINTER, INT), Linker.Option.firstVariadicArg(3));
    private static final MethodHandle FCNTL =
            function("fcntl", FunctionDescriptor.of(INT, INT, INT, INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle WRITE = function("write", FunctionDescriptor.of(SIZE, INT, POINTER, SIZE));
    private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle GETSOCKOPT =
            function("getsockopt", FunctionDescriptor.of(INT, INT, INT, INT, POINTER, POINTER));
    private static final MethodHandle STRERROR =
            LINKER.downcallHandle(symbol("strerror"), FunctionDescriptor.of(POINTER, INT));

    private LibC() {}

    /** Thrown for a call that failed. */
    static final class FailedException extends IOException {
        private static final long serialVersionUID = 1L;

        final int errno;

        FailedException(int errno) {
            super(message(errno));
            this.errno = errno;
        }
    }

    private static MemorySegment symbol(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }

    private static MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker.Option[] all = new Linker.Option[options.length + 1];
        all[0] = Linker.Option.captureCallState("errno");
        System.arraycopy(options, 0, all, 1, options.length);
        return LINKER.downcallHandle(symbol(name), type, all);
    }

    /**
     * Opens a file that is there.
     *
     * @param directory a descriptor that {@code path} is relative to, or {@link #NOWHERE}
     * @return a descriptor, to be given to {@link #close}
     */
    static int open(int directory, String path, int flags) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            int descriptor = (int) OPENAT.invokeExact(state, directory, arena.allocateFrom(path), flags);
            return checked(descriptor, state);
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    /** Sets the flags of an open file, those that can be set. */
    static void setFlags(int descriptor, int flags) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            checked((int) FCNTL.invokeExact(state, descriptor, F_SETFL, flags), state);
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    /** Writes what it can of {@code bytes}, at least one; may wait. */
    static int write(int descriptor, MemorySegment bytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            long written = (long) WRITE.invokeExact(state, descriptor, bytes, bytes.byteSize());
            return checked((int) written, state);
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    static void close(int descriptor) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            checked((int) CLOSE.invokeExact(state, descriptor), state);
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    /**
     * Returns the ints of an option of the level of sockets; none if the descriptor is not of a socket with this
     * option.
     */
    static int[] socketOption(int descriptor, int option, int ints) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            MemorySegment value = arena.allocate(INT, ints);
            MemorySegment length = arena.allocateFrom(INT, ints * Integer.BYTES);
            int failed = (int) GETSOCKOPT.invokeExact(state, descriptor, SOL_SOCKET, option, value, length);
            return failed == 0 && length.get(INT, 0) == ints * Integer.BYTES ? value.toArray(INT) : new int[0];
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    private static int checked(int result, MemorySegment state) throws FailedException {
        if (result < 0) {
            throw new FailedException((int) ERRNO.get(state, 0L));
        }
        return result;
    }

    private static String message(int errno) {
        try {
            return ((MemorySegment) STRERROR.invokeExact(errno))
                    .reinterpret(Long.MAX_VALUE)
                    .getString(0);
        } catch (Throwable e) {
            return "error " + errno;
        }
    }

    /**
     * Returns what a call threw as an IOException. Method handles declare Throwable; these throw nothing but errors,
     * and what is thrown here.
     */
    private static IOException failure(Throwable e) {
        return switch (e) {
            case IOException failed -> failed;
            case Error error -> throw error;
            default -> new IOException(e);
        };
    }
}
