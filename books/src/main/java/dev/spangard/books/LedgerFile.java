// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

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
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The file of a {@link Ledger}, mapped and locked: which slot is whose, and who would give way.
 *
 * <pre>
 *        0 +-------------------------------------------------------------+
 *          | magic, pid of the engine that holds the lock, or 0          |  64 bytes
 *       64 +-------------------------------------------------------------+
 *          | recorder slots: id, read, seen, dropped, used, service,     |  4096 × 128 bytes
 *          | 1 if a guest's, 0; then 0, read, seen, dropped of spans     |
 *   524352 +-------------------------------------------------------------+
 *          | service slots: key, used, counters of ServiceAccounts       |  512 × 512 bytes
 *          +-------------------------------------------------------------+
 * </pre>
 *
 * <p>All are longs in the machine's byte order. A free slot has id or key 0. A slot is named by its offset in the file.
 *
 * <p>Slots are looked for and given by one thread at a time, under the ledger's lock; what stands in them is written
 * without one.
 */
final class LedgerFile implements AutoCloseable {
    /** How many recorders are remembered. */
    static final int MAX_RECORDERS = 4096;
    /** How many of them may be guests'. */
    static final int MAX_GUESTS = MAX_RECORDERS / 2;
    /** How many services are remembered, the forgotten ones as one of them. */
    static final int MAX_SERVICES = 512;

    private static final long MAGIC = 0x53_50_47_4c_45_44_47_34L;
    private static final long HEADER_BYTES = 64;
    static final long LINE_BYTES = 2 * RecorderCounts.BYTES;
    private static final long SERVICE_BYTES = 512;
    private static final long SERVICES_AT = HEADER_BYTES + MAX_RECORDERS * LINE_BYTES;
    /** How many bytes a service's counters have. */
    static final long COUNTERS_BYTES = ServiceAccounts.ALL_BYTES;

    private static final long FILE_BYTES = SERVICES_AT + MAX_SERVICES * SERVICE_BYTES;

    private static final long HOLDER = 8;

    /** No slot. */
    static final long NONE = -1;

    private static final long RECORDER_USED = 32;
    private static final long RECORDER_SERVICE = 40;
    private static final long RECORDER_IS_GUEST = 48;
    private static final long SERVICE_USED = 8;
    private static final long SERVICE_COUNTERS = 16;

    private final FileChannel file;
    private final MemorySegment map;

    private LedgerFile(FileChannel file, MemorySegment map) {
        this.file = file;
        this.map = map;
    }

    /**
     * Opens the file of the engine at {@code socket}, makes it if there is none, and a new one of what is none.
     *
     * @throws EngineRunningException if another process, or another part of this one, holds it
     */
    static LedgerFile open(Path socket) throws IOException {
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
            return new LedgerFile(file, map);
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
     * The pid of the process that says that it holds the ledger; 0 if none does. One that was killed says it still:
     * whoever means to do something to it must see for itself. For a process that has no ledger open here, whose lock
     * would be lost.
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

    /** Writes zeros, as a mapped hole on a full disk would fail at the first store, in the middle of a batch. */
    private static void clear(FileChannel file) throws IOException {
        file.truncate(0);
        ByteBuffer zeros = ByteBuffer.allocate((int) FILE_BYTES);
        while (zeros.hasRemaining()) {
            file.write(zeros, zeros.position());
        }
    }

    private long get(long at) {
        return map.get(ValueLayout.JAVA_LONG, at);
    }

    private void set(long at, long value) {
        map.set(ValueLayout.JAVA_LONG, at, value);
    }

    /** Whose slot this is: a recorder's id or a service's key, 0 of a free one. */
    long owner(long slot) {
        return get(slot);
    }

    /** The service in whose books a recorder's slot is; 0 of a free one. */
    long serviceOf(long slot) {
        return get(slot + RECORDER_SERVICE);
    }

    /** A recorder's slot, as its line. */
    MemorySegment line(long slot) {
        return map.asSlice(slot, LINE_BYTES);
    }

    /** The counters of a service's slot. */
    MemorySegment counters(long slot) {
        return map.asSlice(slot + SERVICE_COUNTERS, COUNTERS_BYTES);
    }

    /** The counters of the first slot of services, which is given to this key for good. */
    MemorySegment ofOthers(long key) {
        set(serviceAt(0), key);
        return counters(serviceAt(0));
    }

    /** Has the action take each recorder's line that is in the books of this service. */
    void forEachLineOf(long service, Consumer<MemorySegment> action) {
        for (int i = 0; i < MAX_RECORDERS; i++) {
            if (serviceOf(recorderAt(i)) == service) {
                action.accept(line(recorderAt(i)));
            }
        }
    }

    /** Gives a recorder's slot a new owner, and an empty line. */
    void give(long slot, long id, boolean isGuest) {
        line(slot).fill((byte) 0);
        set(slot, id);
        set(slot + RECORDER_IS_GUEST, isGuest ? 1 : 0);
    }

    /** Gives a service's slot a new owner. */
    void give(long slot, long service) {
        set(slot, service);
    }

    /** Notes that a recorder's slot is used, by a recorder of this service. */
    void usedNow(long slot, long service) {
        set(slot + RECORDER_SERVICE, service);
        set(slot + RECORDER_USED, System.currentTimeMillis());
    }

    /** Notes that a service's slot is used; of {@link #NONE} it notes nothing. */
    void usedNow(long slot) {
        if (slot != NONE) {
            set(slot + SERVICE_USED, System.currentTimeMillis());
        }
    }

    /** Frees a service's slot; of {@link #NONE} it does nothing. */
    void clearService(long slot) {
        if (slot != NONE) {
            map.asSlice(slot, SERVICE_BYTES).fill((byte) 0);
        }
    }

    private static long recorderAt(int slot) {
        return HEADER_BYTES + slot * LINE_BYTES;
    }

    /** The slots of services, those of nobody included. */
    LongStream serviceSlots() {
        return IntStream.range(0, MAX_SERVICES).mapToLong(LedgerFile::serviceAt);
    }

    private static long serviceAt(int slot) {
        return SERVICES_AT + slot * SERVICE_BYTES;
    }

    /** The recorder's slot; else one that is free, or whose owner gives way to it; {@link #NONE} if none does. */
    long recorder(long id, boolean isGuest, LongPredicate inUse) {
        long oldest = NONE;
        long oldestGuest = NONE;
        int guests = 0;
        for (int i = 0; i < MAX_RECORDERS; i++) {
            long slot = recorderAt(i);
            long owner = owner(slot);
            boolean isGuests = get(slot + RECORDER_IS_GUEST) != 0;
            if (owner == id) {
                return isGuests == isGuest ? slot : NONE;
            }
            boolean isTaken = owner != 0 && inUse.test(owner);
            oldest = olderOf(oldest, slot, RECORDER_USED, isTaken);
            if (owner != 0 && isGuests) {
                guests++;
                oldestGuest = olderOf(oldestGuest, slot, RECORDER_USED, isTaken);
            }
        }
        boolean isFree = oldest != NONE && owner(oldest) == 0;
        return isGuest && !(isFree && guests < MAX_GUESTS) ? oldestGuest : oldest;
    }

    /** The slot of the service; {@link #NONE} if the file has none. */
    long service(long key) {
        return serviceSlots().filter(slot -> owner(slot) == key).findFirst().orElse(NONE);
    }

    /** The service's slot; else one that is free, or whose owner gives way to it; {@link #NONE} if none does. */
    long serviceOrOldest(long key, LongPredicate inUse) {
        long oldest = NONE;
        for (int i = 0; i < MAX_SERVICES; i++) {
            long slot = serviceAt(i);
            long owner = owner(slot);
            if (owner == key) {
                return slot;
            }
            oldest = olderOf(oldest, slot, SERVICE_USED, owner != 0 && inUse.test(owner));
        }
        return oldest;
    }

    private long olderOf(long oldest, long slot, long usedAt, boolean isTaken) {
        if (isTaken) {
            return oldest;
        }
        return oldest == NONE || age(slot, usedAt) < age(oldest, usedAt) ? slot : oldest;
    }

    /** A free slot is older than any other. */
    private long age(long slot, long usedAt) {
        return owner(slot) == 0 ? Long.MIN_VALUE : get(slot + usedAt);
    }

    @Override
    public void close() throws IOException {
        set(HOLDER, 0);
        file.close();
    }
}
