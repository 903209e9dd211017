// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.ProcessOutput;
import dev.spangard.books.RecorderCounts;
import dev.spangard.wire.BudgetException;
import dev.spangard.wire.FrameAssembler;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import dev.spangard.wire.MarshalWriter;
import dev.spangard.wire.StringCache;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One connection from its HELLO to its end, on a thread of its own. What it sends, and how it ends, is nobody else's
 * concern.
 */
final class Peer implements Runnable {
    private static final Logger LOG = System.getLogger(Peer.class.getName());

    private static final int WELCOME = 16;
    private static final int REFUSED = 17;

    /** How long a recorder's new connection waits until its old one has been read to the end. */
    private static final int PREDECESSOR_WAIT_S = 5;

    private final Intake intake;
    private final SocketChannel channel;
    private final PeerInput input;
    private final String user;
    private final boolean isGuest;
    private final long acceptedNanos = System.nanoTime();
    private final FrameAssembler frames;
    private final MarshalReader reader;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final OverloadDetector overload = new OverloadDetector();
    private final TokenBucket bucket;
    private boolean isThrottled;

    /**
     * Makes the peer of a connection that was accepted; its thread runs it.
     *
     * @param user whose process it is
     * @param isGuest whether that is another than the engine's
     */
    Peer(Intake intake, SocketChannel channel, String user, boolean isGuest) {
        this.intake = intake;
        this.user = user;
        this.isGuest = isGuest;
        this.reader = new MarshalReader(isGuest ? StringCache.small() : new StringCache());
        this.channel = channel;
        this.input = new PeerInput(channel);
        this.frames = new FrameAssembler(intake.largeFrames(isGuest));
        frames.limit(Hello.MAX_BYTES);
        this.bucket = new TokenBucket(intake.options().limits().framesPerSecond(), System.nanoTime());
    }

    /** Reads until the recorder ends the connection, or the intake does. */
    @Override
    public void run() {
        try {
            if (opens() && nextFrame()) {
                Hello hello = Hello.read(reader);
                frames.limit(FrameAssembler.MAX_FRAME_BYTES);
                greet(isGuest ? hello.of(user) : hello);
            }
        } catch (Hello.OtherVersion e) {
            refuse(e.turned(), String.valueOf(e.getMessage()));
        } catch (MalformedException e) {
            cutOff(RejectReason.MALFORMED, e);
        } catch (BudgetException e) {
            cutOff(RejectReason.MEMORY, e);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a connection ended before its HELLO", e);
        } catch (RuntimeException | Error e) { // such as a class that could not be loaded for want of descriptors
            LOG.log(Level.ERROR, "a connection was ended by a failure of the engine", e);
            refuse(RejectReason.FAILURE, "The engine failed to serve this process; its log says why.");
        } finally {
            frames.close(); // before its end is seen at the other side
            close();
            intake.gone(this);
            ended.countDown();
        }
    }

    private boolean opens() {
        try {
            input.open();
            return true;
        } catch (ClosedChannelException e) { // the intake ends
            return false;
        } catch (IOException e) {
            LOG.log(Level.WARNING, "a connection could not be read: {0}", e.getMessage());
            refuse(RejectReason.FAILURE, "The engine got no descriptors for this process.");
            return false;
        }
    }

    /**
     * Ends our half of the connection, from another thread. A recorder looks for that before it writes a frame, and then
     * closes its half between two frames: what it wrote is read, and what it has yet to write is the next engine's. The
     * connection of one that is idle is closed.
     */
    void askToLeave() {
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a connection was already closed", e);
        }
        input.end();
    }

    boolean isGuest() {
        return isGuest;
    }

    /** Ends the connection from another thread. */
    void close() {
        try {
            channel.close();
            input.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing a connection", e);
        }
    }

    boolean awaitEnd(long timeout, TimeUnit unit) throws InterruptedException {
        return ended.await(timeout, unit);
    }

    private void greet(Hello hello) throws IOException {
        ProcessOutput output = isGuest
                ? null
                : new PeerOutput(
                        channel, acceptedNanos, intake.owner(), hello.process().terminal());
        var caller = new Caller(user, isGuest, output);
        Peer predecessor = intake.connected(hello.recorderId(), this);
        try {
            if (predecessor != null) {
                outlive(predecessor);
            }
            Service service = intake.services().join(hello, caller);
            try {
                serve(hello, service);
            } finally {
                intake.disconnected(hello.recorderId(), this);
                intake.services().leave(service, caller);
            }
        } catch (ServiceProvider.Refusal e) {
            intake.disconnected(hello.recorderId(), this);
            refuse(RejectReason.SETTINGS, String.valueOf(e.getMessage()));
        }
    }

    private void outlive(Peer predecessor) {
        try {
            if (!predecessor.awaitEnd(PREDECESSOR_WAIT_S, TimeUnit.SECONDS)) {
                predecessor.close();
                predecessor.awaitEnd(PREDECESSOR_WAIT_S, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(Hello hello, Service service) throws IOException {
        intake.counters().accepted.increment();
        RecorderCounts line = intake.ledger().recorder(hello.recorderId(), service.accounts(), isGuest);
        RecordReader records = new RecordReader(
                service,
                line,
                intake.ids().slot(),
                intake.counters(),
                new OpenRequests(
                        intake.options().maxOpenPerPeer(),
                        service.telemetry()::conversation,
                        intake.openRequests(isGuest)),
                overload);
        var session = new RecorderSession(intake.ledger(), hello, line, records, service.accounts());
        boolean died = false;
        try {
            welcome();
            while (!session.saidGoodbye() && nextFrame()) {
                intake.noteActivity();
                session.read(reader);
                keepPace();
            }
            died = !session.saidGoodbye() && !intake.closing();
        } catch (ClosedChannelException e) {
            LOG.log(Level.DEBUG, "a connection was closed by the intake", e);
        } catch (IOException e) {
            died = !intake.closing();
        } finally {
            if (died) {
                intake.counters().vanished.increment();
            }
            session.end(died, intake.epochNanos());
        }
    }

    /**
     * Welcomes the recorder. Its process may have ended before we came to answer it; what it wrote is still to be read.
     */
    private void welcome() {
        try {
            answer(new MarshalWriter().tuple(2).integer(WELCOME).integer(Hello.VERSION));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a recorder left before it was welcomed", e);
        }
    }

    /** Waits for the next frame and points the reader at it; false at the end of the connection. */
    private boolean nextFrame() throws IOException {
        while (!frames.next(reader)) {
            ByteBuffer space = frames.space();
            int offered = space.remaining();
            int bytes = overload.isBehind() ? readAtOnce(space) : 0;
            if (bytes == 0) {
                bytes = input.read(space);
            }
            if (bytes < 0) {
                return false;
            }
            overload.noteRead(offered, bytes, System.nanoTime());
        }
        return true;
    }

    /** Reads what there is, and does not wait: where nothing is, the engine is not behind. */
    private int readAtOnce(ByteBuffer space) throws IOException {
        int bytes = channel.read(space);
        if (bytes == 0) {
            overload.caughtUp(System.nanoTime());
        }
        return bytes;
    }

    /**
     * Waits while the connection sends too much. Not reading is what slows a sender down; a recorder drops what it
     * cannot write, and counts it.
     */
    private void keepPace() {
        long wait = bucket.take(System.nanoTime());
        if (wait <= 0) {
            return;
        }
        if (!isThrottled) {
            isThrottled = true;
            intake.counters().throttled.increment();
            LOG.log(
                    Level.WARNING,
                    "a connection sends more than {0} frames a second and is read no faster",
                    intake.options().limits().framesPerSecond());
        }
        for (long until = System.nanoTime() + wait; wait > 0 && !intake.closing(); wait = until - System.nanoTime()) {
            LockSupport.parkNanos(wait);
        }
    }

    private void cutOff(RejectReason why, RuntimeException e) {
        intake.counters().turn(why);
        LOG.log(Level.WARNING, "a connection was cut off: {0}", e.getMessage());
    }

    /** Counts the refusal and answers why, once; the caller closes. */
    void refuse(RejectReason why, String reason) {
        intake.counters().turn(why);
        try {
            answer(new MarshalWriter().tuple(3).integer(REFUSED).str(reason).integer(why.againSeconds()));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a refused connection was already closed", e);
        }
    }

    private void answer(MarshalWriter frame) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(frame.frame());
        channel.write(bytes);
        if (bytes.hasRemaining()) { // of the one frame that is ever written, and a socket takes many
            throw new IOException("the recorder takes no answer");
        }
    }
}
