// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.EngineRunningException;
import dev.spangard.books.Ledger;
import dev.spangard.wire.ByteBudget;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.UserPrincipal;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * The engine's socket: takes recorders in and gives each a thread of its own.
 *
 * <p>The socket has mode 0600 in a directory of mode 0700, and a peer of another user is refused all the same. Where
 * {@link IntakeOptions#allowedUids} names other users, the modes let everybody come, and the peer's user decides. Whoever
 * sends something that is not the protocol is cut off and counted; the others never notice.
 *
 * <p>Thread-safe.
 */
public final class Intake implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Intake.class.getName());

    /** What {@link #close} gives each peer at least, and how soon accepting is tried again when descriptors have run out. */
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final int GUESTS_SHARE = 4;

    private final IntakeOptions options;
    private final Ledger ledger;
    private final RecordedIds ids;
    private final ServiceProvider services;
    private final LongSupplier epochNanos;
    private final ListeningSocket listening;
    private final Thread acceptor;
    private final ByteBudget largeFrames;
    private final ByteBudget openRequests;
    private final ByteBudget guestsLargeFrames;
    private final ByteBudget guestsOpenRequests;
    private final IntakeCounters counters = new IntakeCounters();
    /** All connections, those before their HELLO included. */
    private final Set<Peer> connections = ConcurrentHashMap.newKeySet();
    /** Recorder id to its newest connection. */
    private final Map<Long, Peer> recorders = new ConcurrentHashMap<>();

    private volatile long lastActivity = System.nanoTime();
    private volatile boolean closing;

    private Intake(
            IntakeOptions options,
            Ledger ledger,
            RecordedIds ids,
            ServiceProvider services,
            LongSupplier epochNanos,
            ListeningSocket listening) {
        this.options = options;
        this.ledger = ledger;
        this.ids = ids;
        this.services = services;
        this.epochNanos = epochNanos;
        this.listening = listening;
        this.acceptor = Thread.ofPlatform().daemon().name("spangard-accept").unstarted(this::accept);
        this.largeFrames = new ByteBudget(options.limits().largeFrameBytes());
        this.openRequests = new ByteBudget(options.limits().openBytes());
        this.guestsLargeFrames = new ByteBudget(options.limits().largeFrameBytes() / GUESTS_SHARE);
        this.guestsOpenRequests = new ByteBudget(options.limits().openBytes() / GUESTS_SHARE);
    }

    /**
     * Listens.
     *
     * @param ledger of this socket; stays the caller's, who closes it after the intake
     * @param ids the generator of every tracer provider behind {@code services}
     * @throws EngineRunningException if somebody answers at the socket
     */
    public static Intake open(IntakeOptions options, Ledger ledger, RecordedIds ids, ServiceProvider services)
            throws IOException {
        return open(options, ledger, ids, services, () -> TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()));
    }

    /** @param epochNanos the time of day, for what no recorder dates */
    static Intake open(
            IntakeOptions options, Ledger ledger, RecordedIds ids, ServiceProvider services, LongSupplier epochNanos)
            throws IOException {
        ListeningSocket listening = ListeningSocket.open(options.socket(), options.allowedUids());
        Intake intake = new Intake(options, ledger, ids, services, epochNanos, listening);
        intake.acceptor.start();
        return intake;
    }

    /** Recorders connected now. */
    public int peers() {
        return recorders.size();
    }

    /** {@link System#nanoTime} of the last frame, connection or disconnection. */
    public long lastActivityNanoTime() {
        return lastActivity;
    }

    /** What happened at the socket. */
    public IntakeCounters counters() {
        return counters;
    }

    /**
     * Removes the socket, lets those in who had connected before, asks the recorders to leave, reads what has arrived,
     * and closes the connections. Returns when all that was read has been told to its service, at the latest after
     * {@link IntakeOptions#closeTimeout} and a moment.
     */
    @Override
    public void close() {
        closing = true;
        long deadline = System.nanoTime() + options.closeTimeout().toNanos();
        try {
            // In this order: a connection that the kernel has made may have been written to, and its recorder be gone.
            Files.deleteIfExists(options.socket());
            listening.wakeup();
            acceptor.join(options.closeTimeout());
            listening.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing the socket", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connections.forEach(Peer::askToLeave);
        awaitEnds(deadline);
        connections.forEach(Peer::close);
        awaitEnds(deadline);
    }

    private void awaitEnds(long deadline) {
        try {
            for (Peer peer : connections) {
                peer.awaitEnd(Math.max(POLL_NANOS, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Until it closes and nobody waits any more. */
    private void accept() {
        while (true) {
            boolean last = closing;
            try {
                SocketChannel channel = listening.accept();
                if (channel != null) {
                    welcome(channel);
                } else if (last) {
                    return;
                } else {
                    listening.await();
                }
            } catch (ClosedChannelException | ClosedSelectorException e) {
                return;
            } catch (IOException | RuntimeException e) {
                if (last) {
                    return;
                }
                LOG.log(Level.WARNING, "a connection could not be accepted", e);
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    private void welcome(SocketChannel channel) {
        touch();
        UserPrincipal user = user(channel);
        boolean isGuest = !listening.owner().equals(user);
        Peer peer = new Peer(this, channel, user == null ? "" : user.getName(), isGuest);
        if (isGuest && (user == null || !listening.guests().contains(user))) {
            turnAway(peer, RejectReason.OTHER_USER, "The engine belongs to another user.");
            return;
        }
        int most = isGuest ? options.maxPeers() / 2 : options.maxPeers();
        if ((isGuest ? guestsConnected() : connections.size()) >= most) {
            turnAway(peer, RejectReason.TOO_MANY, "The engine already has " + most + " connections.");
            return;
        }
        connections.add(peer);
        try {
            Thread.ofPlatform().daemon().name("spangard-peer").start(peer);
        } catch (OutOfMemoryError e) { // so Java says that the system gives no thread
            connections.remove(peer);
            turnAway(peer, RejectReason.FAILURE, "The engine got no thread for this process.");
        }
    }

    private static void turnAway(Peer peer, RejectReason why, String reason) {
        peer.refuse(why, reason);
        peer.close();
    }

    /** Null if the system does not tell. */
    private static @Nullable UserPrincipal user(SocketChannel channel) {
        try {
            return channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.WARNING, "a peer without credentials", e);
            return null;
        }
    }

    private long guestsConnected() {
        return connections.stream().filter(Peer::isGuest).count();
    }

    /** A recorder has introduced itself. Returns its earlier connection if that has not ended. */
    @Nullable
    Peer connected(long recorderId, Peer peer) {
        return recorders.put(recorderId, peer);
    }

    void disconnected(long recorderId, Peer peer) {
        recorders.remove(recorderId, peer);
    }

    void gone(Peer peer) {
        connections.remove(peer);
        recorders.values().remove(peer); // if its service could not be made
        touch();
    }

    void touch() {
        lastActivity = System.nanoTime();
    }

    boolean closing() {
        return closing;
    }

    /** Whose the engine is. */
    UserPrincipal owner() {
        return listening.owner();
    }

    long epochNanos() {
        return epochNanos.getAsLong();
    }

    IntakeOptions options() {
        return options;
    }

    /** Of all connections' frames beyond the usual size: the guests', or the others'. */
    ByteBudget largeFrames(boolean guests) {
        return guests ? guestsLargeFrames : largeFrames;
    }

    /** Likewise of all recorders' running requests. */
    ByteBudget openRequests(boolean guests) {
        return guests ? guestsOpenRequests : openRequests;
    }

    Ledger ledger() {
        return ledger;
    }

    RecordedIds ids() {
        return ids;
    }

    ServiceProvider services() {
        return services;
    }
}
