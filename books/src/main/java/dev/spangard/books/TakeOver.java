// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Takes the ledger, and with it the socket, from the engine that serves there: asks it to end, and waits until it has
 * exported what it can and closed its books. Recorders keep what they record meanwhile and come to the next engine.
 *
 * <p>The lock with which recorders start engines is held until the ledger is ours, so that none of theirs comes first.
 * Only a process that says in the ledger that it holds it, and has that very file open, is sent a signal: a number in a
 * file alone may be an old one, or one of another container's.
 *
 * <p>Called on the engine's main thread, which waits.
 */
public final class TakeOver {
    private static final Logger LOG = System.getLogger("spangard.engine");

    /** How long to wait for a recorder that is starting an engine: as long as it waits itself, and a moment. */
    private static final Duration START_TIMEOUT = Duration.ofSeconds(12);
    /** How long to wait for the old engine: it ends itself by force a second earlier. */
    private static final Duration END_TIMEOUT = Duration.ofSeconds(10);

    private static final long POLL_MILLIS = 5;

    private final Path socket;
    private final CountDownLatch stop;

    private TakeOver(Path socket, CountDownLatch stop) {
        this.socket = socket;
        this.stop = stop;
    }

    /** Why the ledger could not be taken over; its message is one sentence for the user. */
    public static final class FailedException extends IOException {
        private static final long serialVersionUID = 1L;

        FailedException(String message) {
            super(message);
        }
    }

    /**
     * Opens the ledger of {@code socket}, as {@link Ledger#open}, once nobody else holds it.
     *
     * @param socket absolute
     * @param stop counted down when the caller is to end itself
     * @throws FailedException if the engine there cannot be told to end, or does not
     */
    public static Ledger of(Path socket, CountDownLatch stop) throws IOException, InterruptedException {
        return new TakeOver(socket, stop).take();
    }

    private Ledger take() throws IOException, InterruptedException {
        SocketDirectory.make(socket);
        try (FileChannel starting = FileChannel.open(
                socket.resolveSibling(socket.getFileName() + ".start"),
                Set.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
            while (starting.tryLock() == null) {
                pause(deadline, "a process has been starting an engine at " + socket + " for long");
            }
            try {
                return Ledger.open(socket);
            } catch (EngineRunningException running) {
                return takeFrom(holder());
            }
        }
    }

    /** Asks the old engine to end, and waits for its lock, which goes with the file's close after its last export. */
    private Ledger takeFrom(ProcessHandle old) throws IOException, InterruptedException {
        LOG.log(Level.INFO, () -> "taking over from the engine with pid " + old.pid() + " at " + socket);
        if (!old.destroy() && old.isAlive()) {
            throw new FailedException("the engine at " + socket + ", pid " + old.pid() + ", cannot be told to end");
        }
        long deadline = System.nanoTime() + END_TIMEOUT.toNanos();
        while (true) {
            try {
                return Ledger.open(socket);
            } catch (EngineRunningException running) {
                pause(
                        deadline,
                        "the engine at " + socket + ", pid " + old.pid() + ", did not end within "
                                + END_TIMEOUT.toSeconds() + " s");
            }
        }
    }

    private void pause(long deadline, String late) throws IOException, InterruptedException {
        if (stop.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            throw new FailedException("told to end before it took over at " + socket);
        }
        if (System.nanoTime() - deadline >= 0) {
            throw new FailedException(late);
        }
    }

    /** The process that holds the ledger: as a handle, which cannot come to mean another one with its number. */
    private ProcessHandle holder() throws IOException {
        long pid = LedgerFile.holder(socket);
        Optional<ProcessHandle> holder = pid > 0 ? ProcessHandle.of(pid) : Optional.empty();
        if (holder.isEmpty() || !hasLedgerOpen(pid)) {
            throw new FailedException("an engine serves " + socket
                    + ", but which process it is cannot be told from here (in its ledger: " + pid
                    + "); end it where it was started");
        }
        return holder.get();
    }

    private boolean hasLedgerOpen(long pid) {
        Path ledger = LedgerFile.path(socket);
        try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            for (Path descriptor : (Iterable<Path>) open::iterator) {
                if (isSame(descriptor, ledger)) {
                    return true;
                }
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.log(Level.DEBUG, "the open files of a process cannot be seen", e);
        }
        return false;
    }

    /** Whether both are one file; false also for one that was closed meanwhile. */
    private static boolean isSame(Path descriptor, Path ledger) throws IOException {
        try {
            return Files.isSameFile(descriptor, ledger);
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
