// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The engine's books in a small mapped file beside its socket ({@link LedgerFile}). The page cache keeps them when the
 * engine is killed, so the next one knows what was read and never exported.
 *
 * <p>When a table is full, the slot unused for longest gives way: a recorder's is
 * {@link RecorderCounts#settle settled}, the sums of a service go to the {@link #others}. Guests are told apart so that
 * they take slots from guests only. When all are in use, a newcomer is not remembered beyond this engine.
 *
 * <p>Each number changes by one atomic store; a kill between the two stores that book one frame (a few nanoseconds) is
 * the only moment that can falsify the sums, by that frame's records.
 *
 * <p>An open ledger holds the file's lock: two engines never share one. Thread-safe; numbers are written without a
 * lock, slots handed out and taken back under one.
 */
public final class Ledger implements AutoCloseable {
    private static final long NONE = LedgerFile.NONE;
    private static final long OTHERS = Digest.of("services that are forgotten").prefix64();

    private final LedgerFile file;
    private final Object lock = new Object();
    // Guarded by the lock: recorders and services in use by this engine, whose slots never give way.
    private final RecorderLines lines;
    private final Map<Long, ServiceAccounts> services = new HashMap<>();
    private final ServiceAccounts others;
    /** What an earlier engine left in the spool, at most, by service, for services nobody has asked for. */
    private final Map<Long, Counts> inherited = new HashMap<>();

    private Ledger(LedgerFile file) {
        this.file = file;
        lines = new RecorderLines(file, this::booksOf);
        others = new ServiceAccounts(OTHERS, file.ofOthers(OTHERS));
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
        return new Ledger(LedgerFile.open(socket));
    }

    /**
     * The accounts of the service with this key, continued from an earlier engine if it had one: what that engine read
     * and neither exported nor dropped is booked as dropped here, {@link DropReason#ENGINE} or
     * {@link DropReason#UNCONFIRMED}. They are the service's until {@link #forget}.
     *
     * @param key tells services apart; only a hash of it is kept
     */
    public ServiceAccounts accounts(String key) {
        return accounts(Digest.of(key), Counts.NONE);
    }

    /**
     * The accounts, as {@link #accounts(String)}, of a service with a spool.
     *
     * @param key the service's
     * @param inSpool what it has there, which is still queued; without effect if this engine has these
     *     accounts
     */
    public ServiceAccounts accounts(Digest key, Counts inSpool) {
        synchronized (lock) {
            return services.computeIfAbsent(key.prefix64(), service -> {
                long slot = serviceSlot(service);
                file.usedNow(slot);
                return settled(service, slot, inSpool);
            });
        }
    }

    /**
     * The books in which it is what a service has in the spool that may not be here: its own, if the ledger has them,
     * else those of the {@link #others}. They are not to be kept.
     *
     * @param inSpool as for {@link #accounts(Digest, Counts)}
     */
    public ServiceAccounts ofSpool(Digest key, Counts inSpool) {
        long service = key.prefix64();
        synchronized (lock) {
            ServiceAccounts known = services.get(service);
            if (known != null) {
                return known;
            }
            long slot = file.service(service);
            if (slot == NONE) {
                return others;
            }
            ServiceAccounts unclaimed = settled(service, slot, inSpool);
            inherited.put(service, inSpool);
            return unclaimed;
        }
    }

    /** The books of all services that were forgotten, as one. */
    public ServiceAccounts others() {
        return others;
    }

    /**
     * Takes over what there is in a spool, before anybody asks for accounts: so that what forgotten services have there
     * stays queued.
     *
     * @param inSpool by service
     */
    public void inherit(Map<Digest, Counts> inSpool) {
        synchronized (lock) {
            Counts unknown = Counts.NONE;
            for (Map.Entry<Digest, Counts> entry : inSpool.entrySet()) {
                long service = entry.getKey().prefix64();
                long slot = file.service(service);
                Counts known =
                        slot == NONE ? Counts.NONE : new ServiceAccounts(service, file.counters(slot)).queuedInEngine();
                unknown = unknown.plus(entry.getValue().beyond(known));
                inherited.put(service, entry.getValue());
            }
            others.settle(unknown);
        }
    }

    /**
     * Adds the sums of a service to those of the {@link #others}, and frees its slot. The service is closed, all that
     * was begun for it has been booked but for what it has in the spool, and nobody uses its accounts any more.
     */
    public void forget(Digest key) {
        long service = key.prefix64();
        synchronized (lock) {
            ServiceAccounts accounts = services.remove(service);
            if (accounts != null && accounts != others) {
                fold(accounts, file.service(service));
            }
        }
    }

    /**
     * Forgets those services of earlier engines that nobody has asked for, that have nothing in the spool, and of which
     * something is lost, read by an engine that was killed: booked as lost in the sums of the {@link #others}, it is seen.
     * Who has something in the spool may yet come back to it in books of its own.
     *
     * @return how much that is
     */
    public Counts forgetLost() {
        synchronized (lock) {
            Counts lost = Counts.NONE;
            for (long slot : file.serviceSlots().toArray()) {
                long service = file.owner(slot);
                Counts gone = new ServiceAccounts(service, file.counters(slot)).queuedInEngine();
                boolean isUnclaimed = service != 0 && !services.containsKey(service) && !inherited.containsKey(service);
                if (isUnclaimed && !gone.equals(Counts.NONE)) {
                    lost = lost.plus(gone);
                    fold(settled(service, slot, Counts.NONE), slot);
                }
            }
            return lost;
        }
    }

    /** @param slot {@link #NONE} if the ledger does not remember them */
    private void fold(ServiceAccounts accounts, long slot) {
        file.forEachLineOf(accounts.service(), line -> new RecorderCounts(line).settle(accounts));
        accounts.settleReported();
        accounts.spans().settleReported();
        others.absorb(accounts);
        file.clearService(slot);
    }

    private ServiceAccounts settled(long service, long slot, Counts inSpool) {
        inherited.remove(service);
        var accounts = new ServiceAccounts(
                service, slot == NONE ? unremembered(LedgerFile.COUNTERS_BYTES) : file.counters(slot));
        accounts.settle(inSpool);
        return accounts;
    }

    /**
     * The line of a recorder, continued if it is known, by this service. It is in use until {@link #release} or
     * {@link #forget}, once for each call.
     *
     * @param isGuest whether it is another user's than the engine's
     */
    public RecorderCounts recorder(long id, ServiceAccounts accounts, boolean isGuest) {
        synchronized (lock) {
            return lines.take(id, accounts.service(), isGuest);
        }
    }

    /**
     * Lets go of the line of a recorder that is not connected any more; it may come back, to this engine or the next.
     */
    public void release(long id, RecorderCounts line, ServiceAccounts accounts) {
        synchronized (lock) {
            lines.release(id, line, accounts);
        }
    }

    /** Books what a recorder reported and nobody read as lost, and frees its slot, when it has said goodbye. */
    public void forget(long id, RecorderCounts line, ServiceAccounts accounts) {
        synchronized (lock) {
            lines.forget(id, line, accounts);
        }
    }

    /** Memory in place of a slot, when all are in use: kept while this engine runs, and no longer. */
    static MemorySegment unremembered(long bytes) {
        return Arena.ofAuto().allocate(bytes, Long.BYTES);
    }

    /** The books of what a recorder of this service reported, for one more entry. */
    private ServiceAccounts booksOf(long service) {
        ServiceAccounts known = services.get(service);
        if (known != null) {
            return known;
        }
        long slot = file.service(service);
        return slot == NONE ? others : new ServiceAccounts(service, file.counters(slot));
    }

    /** The service's slot; else one that is free, or whose owner gives way to it. */
    private long serviceSlot(long service) {
        long slot = file.serviceOrOldest(service, services::containsKey);
        if (slot == NONE || file.owner(slot) == service) {
            return slot;
        }
        long owner = file.owner(slot);
        if (owner != 0) {
            fold(settled(owner, slot, inherited.getOrDefault(owner, Counts.NONE)), slot);
        }
        file.give(slot, service);
        return slot;
    }

    /**
     * Gives up the lock: another engine may go on with the file. Accounts stay readable, so that a late exporter thread
     * does no harm; the mapping goes when nobody refers to it.
     */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
