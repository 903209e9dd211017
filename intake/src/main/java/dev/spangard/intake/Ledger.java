// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The engine's books in a small mapped file beside its socket. The page cache keeps them when the engine is killed, so
 * the next one knows what was read and never exported.
 *
 * <pre>
 *        0 +-----------------------------------------------------+
 *          | magic, pid of the engine that holds the lock, or 0  |  64 bytes
 *       64 +-----------------------------------------------------+
 *          | recorder slots: id, read, seen, dropped, used       |  4096 × 64 bytes
 *   262208 +-----------------------------------------------------+
 *          | service slots: key, used, counters of {@link Accounts}     |  256 × 256 bytes
 *          +-----------------------------------------------------+
 * </pre>
 *
 * <p>All are longs in the machine's byte order. A free slot has id or key 0. When a table is full, the slot unused for
 * longest gives way; when all are in use, a newcomer is not remembered beyond this engine. Each number changes by one atomic store; a kill between the two stores that book one frame (a few
 * nanoseconds) is the only moment that can falsify the sums, by that frame's records.
 *
 * <p>An open ledger holds the file's lock: two engines never share one. Thread-safe; numbers are written without a lock,
 * slots handed out under one.
 */
public final class Ledger implements AutoCloseable {
    /** Recorders remembered. */
    static final int MAX_RECORDERS = 4096;
    /** Services remembered. */
    static final int MAX_SERVICES = 256;

    private static final long MAGIC = 0x53_50_47_4c_45_44_47_32L;
    private static final long HEADER_BYTES = 64;
    private static final long RECORDER_BYTES = 64;
    private static final long SERVICE_BYTES = 256;
    private static final long SERVICES_AT = HEADER_BYTES + MAX_RECORDERS * RECORDER_BYTES;
    private static final long FILE_BYTES = SERVICES_AT + MAX_SERVICES * SERVICE_BYTES;

    private static final long HOLDER = 8;

    private static final long NONE = -1;
    private static final long RECORDER_USED = 32;
    private static final long SERVICE_USED = 8;
    private static final long SERVICE_COUNTERS = 16;

    private final FileChannel file;
    private final MemorySegment map;
    private final Object lock = new Object();
    /** Of recorders and services in use by this engine; their slots never give way. */
    private final Map<Long, RecorderLine> recorders = new HashMap<>();

    private final Map<Long, Accounts> services = new HashMap<>();

    private Ledger(FileChannel file, MemorySegment map) {
        this.file = file;
        this.map = map;
    }

    /**
     * Opens the ledger of the engine at {@code socket}, makes it if there is none, starts a new one if what is there is
     * none. The socket's directory is made with mode 0700 if it is not there.
     *
     * @throws EngineRunningException if another process, or another part of this one, holds it
     */
    public static Ledger open(Path socket) throws IOException {
        SocketDirectory.make(socket);
        FileChannel file = FileChannel.open(
                path(socket),
                Set.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            if (!locked(file)) {
                throw new EngineRunningException(socket);
            }
            boolean known = file.size() == FILE_BYTES;
            if (!known) {
                clear(file);
            }
            MemorySegment map = file.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES, Arena.ofAuto());
            if (known && map.get(ValueLayout.JAVA_LONG, 0) != MAGIC) {
                map.fill((byte) 0);
            }
            map.set(ValueLayout.JAVA_LONG, 0, MAGIC);
            map.set(ValueLayout.JAVA_LONG, HOLDER, ProcessHandle.current().pid());
            return new Ledger(file, map);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * The ledger of the engine at {@code socket}.
     *
     * @param socket absolute
     */
    static Path path(Path socket) {
        return socket.resolveSibling(socket.getFileName() + ".ledger");
    }

    /**
     * Which process says that it holds the ledger; 0 if none does. One that was killed says it still: whoever means to
     * do something to it must see for itself. For a process that has no ledger open here, whose lock would be lost.
     */
    static long holder(Path socket) throws IOException {
        try (FileChannel file =
                FileChannel.open(path(socket), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            ByteBuffer pid = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
            return file.read(pid, HOLDER) == Long.BYTES ? pid.getLong(0) : 0;
        }
    }

    private static boolean locked(FileChannel file) throws IOException {
        try {
            return file.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /** Written, not only sized: a mapped hole on a full disk would fail at the first store, in the middle of a batch. */
    private static void clear(FileChannel file) throws IOException {
        file.truncate(0);
        ByteBuffer zeros = ByteBuffer.allocate((int) FILE_BYTES);
        while (zeros.hasRemaining()) {
            file.write(zeros, zeros.position());
        }
    }

    /**
     * The accounts of the service with this key, continued from an earlier engine if it had one: what that engine read
     * and neither exported nor dropped is booked as dropped, {@link DropReason#ENGINE} or
     * {@link DropReason#UNCONFIRMED}, here.
     *
     * @param key tells services apart; only a hash of it is kept
     */
    public Accounts accounts(String key) {
        return accounts(Digest.of(key), 0);
    }

    /**
     * As {@link #accounts(String)}, of a service with a spool.
     *
     * @param key the service's
     * @param inSpool requests that an earlier engine left there: still queued. Without effect if this engine has asked
     *     for these accounts before
     */
    public Accounts accounts(Digest key, long inSpool) {
        long hash = key.start();
        synchronized (lock) {
            Accounts known = services.get(hash);
            if (known != null) {
                return known;
            }
            long slot = serviceSlot(hash);
            long bytes = Accounts.COUNTERS * (long) Long.BYTES;
            Accounts accounts;
            if (slot == NONE) {
                accounts = new Accounts(unremembered(bytes));
            } else {
                map.set(ValueLayout.JAVA_LONG, slot + SERVICE_USED, now());
                accounts = new Accounts(map.asSlice(slot + SERVICE_COUNTERS, bytes));
            }
            accounts.settle(inSpool);
            services.put(hash, accounts);
            return accounts;
        }
    }

    /** The service is closed and nobody uses its accounts any more: its slot may give way to another's. */
    public void retire(String key) {
        synchronized (lock) {
            services.remove(Digest.of(key).start());
        }
    }

    /** The line of a recorder, continued if it is known. Held until {@link #release} or {@link #forget}. */
    RecorderLine recorder(long id) {
        synchronized (lock) {
            return recorders.computeIfAbsent(id, key -> {
                long slot = recorderSlot(key);
                if (slot == NONE) {
                    return new RecorderLine(unremembered(RECORDER_BYTES));
                }
                map.set(ValueLayout.JAVA_LONG, slot + RECORDER_USED, now());
                return new RecorderLine(map.asSlice(slot, RECORDER_BYTES));
            });
        }
    }

    /** The recorder is not connected; it may come back, to this engine or the next. */
    void release(long id) {
        synchronized (lock) {
            recorders.remove(id);
        }
    }

    /** The recorder said goodbye: its slot is free. */
    void forget(long id) {
        synchronized (lock) {
            RecorderLine line = recorders.remove(id);
            if (line != null) {
                line.clear();
            }
        }
    }

    /** All slots are in use: kept while this engine runs, and no longer. */
    private static MemorySegment unremembered(long bytes) {
        return Arena.ofAuto().allocate(bytes, Long.BYTES);
    }

    private long recorderSlot(long id) {
        long oldest = NONE;
        for (int i = 0; i < MAX_RECORDERS; i++) {
            long slot = HEADER_BYTES + i * RECORDER_BYTES;
            long owner = map.get(ValueLayout.JAVA_LONG, slot);
            if (owner == id) {
                return slot;
            }
            oldest = olderOf(oldest, slot, owner, RECORDER_USED, recorders.containsKey(owner));
        }
        return oldest == NONE ? NONE : take(oldest, id, RECORDER_BYTES);
    }

    private long serviceSlot(long hash) {
        long oldest = NONE;
        for (int i = 0; i < MAX_SERVICES; i++) {
            long slot = SERVICES_AT + i * SERVICE_BYTES;
            long owner = map.get(ValueLayout.JAVA_LONG, slot);
            if (owner == hash) {
                return slot;
            }
            oldest = olderOf(oldest, slot, owner, SERVICE_USED, services.containsKey(owner));
        }
        return oldest == NONE ? NONE : take(oldest, hash, SERVICE_BYTES);
    }

    private long olderOf(long oldest, long slot, long owner, long usedAt, boolean inUse) {
        if (inUse) {
            return oldest;
        }
        if (oldest == NONE) {
            return slot;
        }
        return age(owner, slot, usedAt) < age(map.get(ValueLayout.JAVA_LONG, oldest), oldest, usedAt) ? slot : oldest;
    }

    /** A free slot is older than any other. */
    private long age(long owner, long slot, long usedAt) {
        return owner == 0 ? Long.MIN_VALUE : map.get(ValueLayout.JAVA_LONG, slot + usedAt);
    }

    private long take(long slot, long owner, long bytes) {
        map.asSlice(slot, bytes).fill((byte) 0);
        map.set(ValueLayout.JAVA_LONG, slot, owner);
        return slot;
    }

    private static long now() {
        return System.currentTimeMillis();
    }

    /**
     * Gives up the lock: another engine may go on with the file. Accounts stay readable, so that a late exporter thread
     * does no harm; the mapping goes when nobody refers to it.
     */
    @Override
    public void close() throws IOException {
        map.set(ValueLayout.JAVA_LONG, HOLDER, 0);
        file.close();
    }
}
