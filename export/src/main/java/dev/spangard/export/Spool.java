// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.SocketDirectory;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Spans on disk that wait for their collectors, so that neither a long outage nor the end of the engine loses them.
 *
 * <pre>
 *     DIR/                                      mode 0700
 *     DIR/lock                                  held by the engine
 *     DIR/&lt;service&gt;-&lt;destination&gt;/              a {@link SpoolFolder}; both are {@link Digest digests}
 *     DIR/&lt;service&gt;-&lt;destination&gt;/&lt;n&gt;.spool     a {@link SpoolSegment}
 * </pre>
 *
 * <p>What is written survives the engine, not the machine: nothing waits until the disk has it. The engine opens it
 * before its services, and closes it after them. Any thread may call it.
 */
public final class Spool implements AutoCloseable {
    /** The limit of all files together, unless another is set. */
    public static final long DEFAULT_BYTES = 256L << 20;
    /** The smallest limit: a batch always fits an empty spool. */
    public static final long MIN_BYTES = 4L << 20;

    private static final Logger LOG = System.getLogger("spangard.engine");
    /** A segment is deleted as a whole: small enough that what is drained is soon free. */
    private static final long MAX_SEGMENT_BYTES = 4L << 20;

    private static final int SEGMENTS = 16;
    private static final Pattern FOLDER = Pattern.compile("([0-9a-f]{64})-([0-9a-f]{64})");
    private static final Pattern FILE = Pattern.compile("([0-7][0-9a-f]{15})\\.spool");

    private final Path directory;
    private final long limit;
    private final FileChannel lock;
    private final AtomicLong used = new AtomicLong();
    private final Map<String, SpoolFolder> folders = new ConcurrentHashMap<>();
    private final Set<SpoolDrain> drains = new CopyOnWriteArraySet<>();
    private final AtomicLong corruptBytes = new AtomicLong();

    private Spool(Path directory, long limit, FileChannel lock) {
        this.directory = directory;
        this.limit = limit;
        this.lock = lock;
    }

    /**
     * Makes the directory if it is not there, and reads what an earlier engine left in it.
     *
     * @param limit how many bytes all files may have together
     * @throws IOException with one line for the user if it is not as it must be, or another engine has it
     */
    public static Spool open(Path directory, long limit) throws IOException {
        Path lockFile = directory.resolve("lock");
        SocketDirectory.prepare(lockFile, false);
        FileChannel lock = FileChannel.open(
                lockFile,
                Set.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            if (!locked(lock)) {
                throw new IOException("another engine has the spool " + directory);
            }
            var spool = new Spool(directory, limit, lock);
            spool.inherit();
            return spool;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static boolean locked(FileChannel lock) throws IOException {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private void inherit() throws IOException {
        for (Path path : in(directory)) {
            Matcher name = FOLDER.matcher(path.getFileName().toString());
            if (name.matches() && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                inherit(path, new Digest(name.group(1)), new Digest(name.group(2)));
            }
        }
        long spans = 0;
        for (SpoolFolder folder : folders.values()) {
            spans += folder.spans();
        }
        if (spans > 0) {
            String found = spans + " spans of " + folders.size() + " exporters, " + used.get() + " bytes";
            LOG.log(Level.INFO, () -> "the spool " + directory + " has " + found + " that wait for their services");
        }
        if (corruptBytes.get() > 0) {
            LOG.log(
                    Level.WARNING,
                    () -> "the spool " + directory + " is damaged: " + corruptBytes + " bytes are no records");
        }
    }

    private void inherit(Path path, Digest service, Digest destination) throws IOException {
        var folder = new SpoolFolder(this, path, service, destination);
        for (Path file : in(path)) {
            Matcher number = FILE.matcher(file.getFileName().toString());
            if (number.matches()) {
                folder.inherit(file, HexFormat.fromHexDigitsToLong(number.group(1)));
            }
        }
        if (!folder.isEmpty() || folder.corrupt() > 0) {
            folders.put(path.getFileName().toString(), folder);
        }
        if (folder.isEmpty()) {
            try {
                Files.deleteIfExists(path);
            } catch (DirectoryNotEmptyException e) {
                // It has something in it that is not ours.
            }
        }
    }

    private static List<Path> in(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    /** The name of a segment's file; names are in the order of the numbers. */
    static String fileName(long number) {
        return HexFormat.of().toHexDigits(number) + ".spool";
    }

    /** The folder of one exporter of one service. */
    SpoolFolder folder(Digest service, Digest destination) {
        String name = service.hex() + '-' + destination.hex();
        return folders.computeIfAbsent(
                name, made -> new SpoolFolder(this, directory.resolve(made), service, destination));
    }

    /** What waits, of each service's books. */
    Map<Digest, Counts> counts() {
        return folders.values().stream()
                .collect(Collectors.toMap(SpoolFolder::service, SpoolFolder::counts, Counts::plus));
    }

    /** What waits of one service's books. */
    Counts counts(Digest service) {
        return folders.values().stream()
                .filter(folder -> folder.service().equals(service))
                .map(SpoolFolder::counts)
                .reduce(Counts.NONE, Counts::plus);
    }

    /**
     * A folder with something in it for this destination that nobody owns or drains, its lease acquired; null if there
     * is none.
     */
    @Nullable
    SpoolFolder orphan(Digest destination) {
        for (SpoolFolder folder : folders.values()) {
            if (folder.destination().equals(destination)
                    && !folder.isEmpty()
                    && !folder.lease().isOwned()
                    && folder.lease().acquire()) {
                return folder;
            }
        }
        return null;
    }

    /** The folders whose service is not here. */
    public List<SpoolFolder> orphans() {
        List<SpoolFolder> orphans = new ArrayList<>(folders.values());
        orphans.removeIf(folder -> folder.lease().isOwned());
        return orphans;
    }

    /** Has {@link #changed} wake a drain, from now on. */
    void add(SpoolDrain drain) {
        drains.add(drain);
    }

    /** Ends what {@link #add} began. */
    void remove(SpoolDrain drain) {
        drains.remove(drain);
    }

    /** Wakes the drains of this destination, as a folder of it is to be had. */
    void changed(Digest destination) {
        for (SpoolDrain drain : drains) {
            if (drain.destination().equals(destination)) {
                drain.wake();
            }
        }
    }

    /** Takes so many bytes of the limit; false if there are not so many left, and none is taken. */
    boolean take(long bytes) {
        if (used.addAndGet(bytes) <= limit) {
            return true;
        }
        used.addAndGet(-bytes);
        return false;
    }

    /** Takes bytes as {@link #take}, even beyond the limit: they are on disk already. */
    void force(long bytes) {
        used.addAndGet(bytes);
    }

    /** Gives back what was taken. */
    void give(long bytes) {
        used.addAndGet(-bytes);
    }

    /** Counts bytes that were found at the start and are no records. */
    void corrupt(long bytes) {
        corruptBytes.addAndGet(bytes);
    }

    /** How many bytes all files may have together. */
    public long limit() {
        return limit;
    }

    /** How many bytes all files have. */
    public long used() {
        return used.get();
    }

    /** From how many bytes on a segment is not appended to. */
    long segmentBytes() {
        return Math.min(MAX_SEGMENT_BYTES, limit / SEGMENTS);
    }

    /** Closes all files and lets another engine have the spool. */
    @Override
    public void close() {
        folders.values().forEach(SpoolFolder::close);
        try {
            lock.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the spool's lock did not close", e);
        }
    }
}
