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
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The engine's books in a small mapped file beside its socket. The page cache keeps them when the engine is killed, so
 * the next one knows what was read and never exported.
 *
 * <pre>
 *        0 +-------------------------------------------------------------+
 *          | magic, pid of the engine that holds the lock, or 0          |  64 bytes
 *       64 +-------------------------------------------------------------+
 *          | recorder slots: id, read, seen, dropped, used, service,     |  4096 × 64 bytes
 *          | 1 if a guest's                                              |
 *   262208 +-------------------------------------------------------------+
 *          | service slots: key, used, counters of {@link Accounts}             |  512 × 256 bytes
 *          +-------------------------------------------------------------+
 * </pre>
 *
 * <p>All are longs in the machine's byte order. A free slot has id or key 0. When a table is full, the slot unused for
 * longest gives way: a recorder's is {@link RecorderLine#settle settled}, the sums of a service go to the
 * {@link #others}. Guests are told apart so that they take slots from guests only. When all are in use, a newcomer is not
 * remembered beyond this engine.
 *
 * <p>Each number changes by one atomic store; a kill between the two stores that book one frame (a few nanoseconds) is
 * the only moment that can falsify the sums, by that frame's records.
 *
 * <p>An open ledger holds the file's lock: two engines never share one. Thread-safe; numbers are written without a lock,
 * slots handed out and taken back under one.
 */
public final class Ledger implements AutoCloseable {
    /** Recorders remembered. */
    static final int MAX_RECORDERS = 4096;
    /** Of them, lines of guests. */
    static final int MAX_GUESTS = MAX_RECORDERS / 2;
    /** Services remembered, the {@link #others} as one of them. */
    static final int MAX_SERVICES = 512;

    private static final long MAGIC = 0x53_50_47_4c_45_44_47_33L;
    private static final long HEADER_BYTES = 64;
    private static final long RECORDER_BYTES = 64;
    private static final long SERVICE_BYTES = 256;
    private static final long SERVICES_AT = HEADER_BYTES + MAX_RECORDERS * RECORDER_BYTES;
    private static final long FILE_BYTES = SERVICES_AT + MAX_SERVICES * SERVICE_BYTES;

    private static final long HOLDER = 8;

    private static final long NONE = -1;
    private static final long OTHERS = Digest.of("services that are forgotten").start();
    private static final long RECORDER_USED = 32;
    private static final long RECORDER_SERVICE = 40;
    private static final long RECORDER_IS_GUEST = 48;
    private static final long SERVICE_USED = 8;
    private static final long SERVICE_COUNTERS = 16;

    private final FileChannel file;
    private final MemorySegment map;
    private final Object lock = new Object();
    // Guarded by the lock. Of recorders and services in use by this engine; their slots never give way.
    private final Map<Long, Held> recorders = new HashMap<>();
    private final Map<Long, Accounts> services = new HashMap<>();
    private final Accounts others;
    /** Requests that an earlier engine left in the spool, by service, for services nobody has asked for. */
    private final Map<Long, Long> inherited = new HashMap<>();

    /** A line in use, by one connection, or by two of one recorder while one takes over from the other. */
    private static final class Held {
        final RecorderLine line;
        final long service;
        final boolean isRemembered;
        int users;

        Held(RecorderLine line, long service, boolean isRemembered) {
            this.line = line;
            this.service = service;
            this.isRemembered = isRemembered;
        }
    }

    private Ledger(FileChannel file, MemorySegment map) {
        this.file = file;
        this.map = map;
        map.set(ValueLayout.JAVA_LONG, serviceAt(0), OTHERS);
        others = new Accounts(OTHERS, counters(serviceAt(0)));
        services.put(OTHERS, others);
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
     * {@link DropReason#UNCONFIRMED}, here. Theirs until {@link #forget}.
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
     * @param inSpool requests that it has there: still queued. Without effect if this engine has these accounts
     */
    public Accounts accounts(Digest key, long inSpool) {
        synchronized (lock) {
            return services.computeIfAbsent(key.start(), service -> {
                long slot = serviceSlot(service);
                if (slot != NONE) {
                    map.set(ValueLayout.JAVA_LONG, slot + SERVICE_USED, now());
                }
                return settled(service, slot, inSpool);
            });
        }
    }

    /**
     * In whose books it is what a service has in the spool that may not be here: its own, if the ledger has them, else
     * those of the {@link #others}. Not to be kept.
     *
     * @param inSpool as of {@link #accounts(Digest, long)}
     */
    public Accounts ofSpool(Digest key, long inSpool) {
        long service = key.start();
        synchronized (lock) {
            Accounts known = services.get(service);
            if (known != null) {
                return known;
            }
            long slot = slotOf(service);
            return slot == NONE ? others : settled(service, slot, inSpool);
        }
    }

    /** The books of all services that were forgotten, as one. */
    public Accounts others() {
        return others;
    }

    /**
     * What there is in a spool, before anybody asks for accounts: so that what forgotten services have there stays queued.
     *
     * @param inSpool requests, by service
     */
    public void inherit(Map<Digest, Long> inSpool) {
        synchronized (lock) {
            long unknown = 0;
            for (Map.Entry<Digest, Long> entry : inSpool.entrySet()) {
                long service = entry.getKey().start();
                long slot = slotOf(service);
                long known = slot == NONE
                        ? 0
                        : Math.max(
                                0,
                                new Accounts(service, counters(slot)).balance().queuedInEngine());
                unknown += Math.max(0, entry.getValue() - known);
                inherited.put(service, entry.getValue());
            }
            others.settle(unknown);
        }
    }

    /**
     * The service is closed, all that was begun for it has been booked but for what it has in the spool, and nobody uses
     * its accounts any more: its sums are now the {@link #others}', its slot is free.
     */
    public void forget(Digest key) {
        long service = key.start();
        synchronized (lock) {
            Accounts accounts = services.remove(service);
            if (accounts != null && accounts != others) {
                fold(accounts, slotOf(service));
            }
        }
    }

    /** @param slot {@link #NONE} if the ledger does not remember them */
    private void fold(Accounts accounts, long slot) {
        for (int i = 0; i < MAX_RECORDERS; i++) {
            long line = recorderAt(i);
            if (map.get(ValueLayout.JAVA_LONG, line + RECORDER_SERVICE) == accounts.service()) {
                new RecorderLine(map.asSlice(line, RECORDER_BYTES)).settle(accounts);
            }
        }
        others.absorb(accounts);
        if (slot != NONE) {
            map.asSlice(slot, SERVICE_BYTES).fill((byte) 0);
        }
    }

    private Accounts settled(long service, long slot, long inSpool) {
        inherited.remove(service);
        var accounts = new Accounts(
                service, slot == NONE ? unremembered(Accounts.COUNTERS * (long) Long.BYTES) : counters(slot));
        accounts.settle(inSpool);
        return accounts;
    }

    private MemorySegment counters(long slot) {
        return map.asSlice(slot + SERVICE_COUNTERS, Accounts.COUNTERS * (long) Long.BYTES);
    }

    /**
     * The line of a recorder, continued if it is known, by this service. In use until {@link #release} or {@link #forget},
     * once for each call.
     *
     * @param isGuest whether it is another user's than the engine's
     */
    public RecorderLine recorder(long id, Accounts accounts, boolean isGuest) {
        synchronized (lock) {
            Held held = recorders.get(id);
            if (held == null) {
                long slot = lineSlot(id, accounts, isGuest);
                boolean isRemembered = slot != NONE;
                MemorySegment memory = isRemembered ? map.asSlice(slot, RECORDER_BYTES) : unremembered(RECORDER_BYTES);
                held = new Held(new RecorderLine(memory), accounts.service(), isRemembered);
                recorders.put(id, held);
            } else if (held.service != accounts.service()) {
                return new RecorderLine(unremembered(RECORDER_BYTES));
            }
            held.users++;
            return held.line;
        }
    }

    private long lineSlot(long id, Accounts accounts, boolean isGuest) {
        long slot = recorderSlot(id, isGuest);
        if (slot == NONE) {
            return NONE;
        }
        long service = map.get(ValueLayout.JAVA_LONG, slot + RECORDER_SERVICE);
        if (service != 0 && (service != accounts.service() || map.get(ValueLayout.JAVA_LONG, slot) != id)) {
            // What it told and nobody read was told in the books of that service, and is none of this one's.
            new RecorderLine(map.asSlice(slot, RECORDER_BYTES)).settle(booksOf(service));
        }
        if (map.get(ValueLayout.JAVA_LONG, slot) != id) {
            map.asSlice(slot, RECORDER_BYTES).fill((byte) 0);
            map.set(ValueLayout.JAVA_LONG, slot, id);
            map.set(ValueLayout.JAVA_LONG, slot + RECORDER_IS_GUEST, isGuest ? 1 : 0);
        }
        map.set(ValueLayout.JAVA_LONG, slot + RECORDER_SERVICE, accounts.service());
        map.set(ValueLayout.JAVA_LONG, slot + RECORDER_USED, now());
        return slot;
    }

    /** The recorder is not connected; it may come back, to this engine or the next. */
    public void release(long id, RecorderLine line, Accounts accounts) {
        synchronized (lock) {
            boolean isRemembered = isRemembered(id, line);
            if (letGo(id, line) && !isRemembered) {
                line.settle(accounts);
            }
        }
    }

    private boolean isRemembered(long id, RecorderLine line) {
        Held held = recorders.get(id);
        return held != null && held.line == line && held.isRemembered;
    }

    /** The recorder said goodbye: what it told and nobody read is lost, its slot is free. */
    public void forget(long id, RecorderLine line, Accounts accounts) {
        synchronized (lock) {
            line.settle(accounts);
            if (letGo(id, line)) {
                line.clear();
            }
        }
    }

    /** Whether nobody has it any more. */
    private boolean letGo(long id, RecorderLine line) {
        Held held = recorders.get(id);
        if (held == null || held.line != line) {
            return true;
        }
        held.users--;
        return held.users == 0 && recorders.remove(id, held);
    }

    /** All slots are in use: kept while this engine runs, and no longer. */
    private static MemorySegment unremembered(long bytes) {
        return Arena.ofAuto().allocate(bytes, Long.BYTES);
    }

    private static long recorderAt(int slot) {
        return HEADER_BYTES + slot * RECORDER_BYTES;
    }

    private static long serviceAt(int slot) {
        return SERVICES_AT + slot * SERVICE_BYTES;
    }

    /** The recorder's; else one that is free, or whose owner gives way to it. */
    private long recorderSlot(long id, boolean isGuest) {
        long oldest = NONE;
        long oldestGuest = NONE;
        int guests = 0;
        for (int i = 0; i < MAX_RECORDERS; i++) {
            long slot = recorderAt(i);
            long owner = map.get(ValueLayout.JAVA_LONG, slot);
            boolean isGuests = map.get(ValueLayout.JAVA_LONG, slot + RECORDER_IS_GUEST) != 0;
            if (owner == id) {
                return isGuests == isGuest ? slot : NONE;
            }
            boolean inUse = owner != 0 && recorders.containsKey(owner);
            oldest = olderOf(oldest, slot, owner, RECORDER_USED, inUse);
            if (owner != 0 && isGuests) {
                guests++;
                oldestGuest = olderOf(oldestGuest, slot, owner, RECORDER_USED, inUse);
            }
        }
        boolean isFree = oldest != NONE && map.get(ValueLayout.JAVA_LONG, oldest) == 0;
        return isGuest && !(isFree && guests < MAX_GUESTS) ? oldestGuest : oldest;
    }

    /** Where what a recorder of this service told is booked, for one more entry. */
    private Accounts booksOf(long service) {
        Accounts known = services.get(service);
        if (known != null) {
            return known;
        }
        long slot = slotOf(service);
        return slot == NONE ? others : new Accounts(service, counters(slot));
    }

    /** Of a service that the file has; {@link #NONE} if it has not. */
    private long slotOf(long service) {
        for (int i = 0; i < MAX_SERVICES; i++) {
            if (map.get(ValueLayout.JAVA_LONG, serviceAt(i)) == service) {
                return serviceAt(i);
            }
        }
        return NONE;
    }

    /** The service's; else one that is free, or whose owner gives way to it. */
    private long serviceSlot(long service) {
        long oldest = NONE;
        for (int i = 0; i < MAX_SERVICES; i++) {
            long slot = serviceAt(i);
            long owner = map.get(ValueLayout.JAVA_LONG, slot);
            if (owner == service) {
                return slot;
            }
            oldest = olderOf(oldest, slot, owner, SERVICE_USED, owner != 0 && services.containsKey(owner));
        }
        if (oldest != NONE) {
            long owner = map.get(ValueLayout.JAVA_LONG, oldest);
            if (owner != 0) {
                fold(settled(owner, oldest, inherited.getOrDefault(owner, 0L)), oldest);
            }
            map.set(ValueLayout.JAVA_LONG, oldest, service);
        }
        return oldest;
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
