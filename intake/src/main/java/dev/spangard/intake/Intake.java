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
    /** The newest connection of each recorder, by its id. */
    private final Map<Long, Peer> recorders = new ConcurrentHashMap<>();

    private volatile long lastActivity = System.nanoTime();
    private volatile long closesAt; // of nanoTime, at the latest; written before the next
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
     * Listens, with a thread of its own that accepts.
     *
     * @param options where, and within which limits
     * @param ledger of this socket; stays the caller's, who closes it after the intake
     * @param ids the generator of every tracer provider behind {@code services}
     * @param services gives each recorder its service; called on the recorder's thread
     * @return the intake, to be closed by the caller
     * @throws EngineRunningException if somebody answers at the socket
     * @throws IOException if it cannot listen there
     */
    public static Intake open(IntakeOptions options, Ledger ledger, RecordedIds ids, ServiceProvider services)
            throws IOException {
        return open(options, ledger, ids, services, () -> TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()));
    }

    /**
     * Listens, with a clock of the caller's.
     *
     * @param epochNanos the time of day, for what no recorder dates
     */
    static Intake open(
            IntakeOptions options, Ledger ledger, RecordedIds ids, ServiceProvider services, LongSupplier epochNanos)
            throws IOException {
        ListeningSocket listening = ListeningSocket.open(options.socket(), options.allowedUids());
        Intake intake = new Intake(options, ledger, ids, services, epochNanos, listening);
        intake.acceptor.start();
        return intake;
    }

    /** Returns how many recorders are connected now. */
    public int peers() {
        return recorders.size();
    }

    /** Returns {@link System#nanoTime} of the last frame, connection or disconnection. */
    public long lastActivityNanoTime() {
        return lastActivity;
    }

    /** Whether recorders still find the socket: nobody has removed its file, or put another in its place. */
    public boolean isReachable() {
        return listening.isAtItsPath();
    }

    /** Returns the counts of what happened at the socket. */
    public IntakeCounters counters() {
        return counters;
    }

    /**
     * Removes the socket, lets those in who had connected before, asks the recorders to leave, reads what has arrived,
     * and closes the connections. Returns when all that was read has become its service's telemetry, at the latest
     * after {@link IntakeOptions#closeTimeout} and a moment.
     */
    @Override
    public void close() {
        long deadline = System.nanoTime() + options.closeTimeout().toNanos();
        closesAt = deadline;
        closing = true;
        try {
            // In this order: a connection that the kernel has made may have been written to, and its recorder be gone.
            listening.removeFile();
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

    /**
     * Accepts connections until the intake closes and nobody waits any more. Where descriptors have run out then, those of
     * recorders that leave are for those that wait.
     */
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
                if (last && System.nanoTime() - closesAt >= 0) {
                    return;
                }
                LOG.log(last ? Level.DEBUG : Level.WARNING, "a connection could not be accepted: {0}", e.getMessage());
                if (last) {
                    connections.forEach(Peer::askToLeave);
                }
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    private void welcome(SocketChannel channel) {
        noteActivity();
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

    /** Returns the user at the other end; null if the system does not tell. */
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

    /** Notes that a recorder has introduced itself, and returns its earlier connection if that has not ended. */
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
        noteActivity();
    }

    void noteActivity() {
        lastActivity = System.nanoTime();
    }

    boolean closing() {
        return closing;
    }

    /** Returns the user whose the engine is. */
    UserPrincipal owner() {
        return listening.owner();
    }

    long epochNanos() {
        return epochNanos.getAsLong();
    }

    IntakeOptions options() {
        return options;
    }

    /** Returns the budget of all connections' frames beyond the usual size: the guests', or the others'. */
    ByteBudget largeFrames(boolean guests) {
        return guests ? guestsLargeFrames : largeFrames;
    }

    /** Returns the budget of all recorders' running requests, likewise. */
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
