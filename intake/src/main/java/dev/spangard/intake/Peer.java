// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.FrameAssembler;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import dev.spangard.wire.MarshalWriter;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One connection from its HELLO to its end, on a thread of its own. What it sends, and how it ends, is nobody else's
 * concern.
 */
final class Peer implements Runnable {
    private static final Logger LOG = System.getLogger(Peer.class.getName());

    private static final int BATCH = 1;
    private static final int GOODBYE = 2;
    private static final int WELCOME = 16;
    private static final int REFUSED = 17;
    private static final int GOODBYE_FIELDS = 3;

    /** How long a recorder's new connection waits until its old one has been read to the end. */
    private static final int PREDECESSOR_WAIT_S = 5;

    private static final long WORKING = Long.MIN_VALUE;

    private final Intake intake;
    private final SocketChannel channel;
    private final FrameAssembler frames = new FrameAssembler();
    private final MarshalReader reader = new MarshalReader();
    private final CountDownLatch ended = new CountDownLatch(1);
    /** {@link System#nanoTime} at which it began to wait for bytes, or {@link #WORKING}. */
    private volatile long waitingSince = WORKING;

    private boolean saidGoodbye;

    Peer(Intake intake, SocketChannel channel) {
        this.intake = intake;
        this.channel = channel;
    }

    /** Reads until the recorder ends the connection, or the intake does. */
    @Override
    public void run() {
        try {
            if (receive()) {
                greet(Hello.read(reader));
            }
        } catch (Hello.OtherVersion e) {
            refuse(String.valueOf(e.getMessage()));
        } catch (MalformedException e) {
            cutOff(e);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a connection ended before its HELLO", e);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "a connection was ended by a failure of the engine", e);
            refuse("The engine failed to serve this process; its log says why.");
        } finally {
            close();
            intake.gone(this);
            ended.countDown();
        }
    }

    /**
     * Ends our half of the connection, from another thread. A recorder looks for that before it writes a frame, and then
     * closes its half between two frames: what it wrote is read, and what it has yet to write is the next engine's.
     */
    void askToLeave() {
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a connection was already closed", e);
        }
    }

    /** Ends the connection from another thread. */
    void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing a connection", e);
        }
    }

    /** Whether it has been waiting for bytes at least so long. Any thread. */
    boolean idleFor(long nanos) {
        long since = waitingSince;
        return since != WORKING && System.nanoTime() - since >= nanos;
    }

    boolean awaitEnd(long timeout, TimeUnit unit) throws InterruptedException {
        return ended.await(timeout, unit);
    }

    private void greet(Hello hello) throws IOException {
        Peer predecessor = intake.connected(hello.recorderId(), this);
        try {
            if (predecessor != null) {
                outlive(predecessor);
            }
            Service service = intake.services().join(hello);
            try {
                serve(hello, service);
            } finally {
                intake.disconnected(hello.recorderId(), this);
                intake.services().leave(service);
            }
        } catch (Services.Refusal e) {
            intake.disconnected(hello.recorderId(), this);
            refuse(String.valueOf(e.getMessage()));
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
        RecorderLine line = intake.ledger().recorder(hello.recorderId());
        RecordReader records = new RecordReader(
                service,
                line,
                intake.ids().slot(),
                intake.counters(),
                intake.options().maxOpenPerPeer());
        boolean died = false;
        try {
            line.returned(hello, service.accounts());
            welcome();
            while (!saidGoodbye && receive()) {
                frame(line, records, service.accounts());
            }
            died = !saidGoodbye && !intake.closing();
        } catch (ClosedChannelException e) {
            LOG.log(Level.DEBUG, "a connection was closed by the intake", e);
        } catch (IOException e) {
            died = !intake.closing();
        } finally {
            if (died) {
                intake.counters().vanished.increment();
                records.vanished(intake.epochNanos());
            } else {
                records.left();
            }
            if (saidGoodbye) {
                intake.ledger().forget(hello.recorderId());
            } else {
                intake.ledger().release(hello.recorderId());
            }
        }
    }

    /** A process may have ended before we came to answer it. What it wrote is still to be read. */
    private void welcome() {
        try {
            answer(new MarshalWriter().tuple(2).integer(WELCOME).integer(Hello.VERSION));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a recorder left before it was welcomed", e);
        }
    }

    private void frame(RecorderLine line, RecordReader records, Accounts accounts) {
        intake.touch();
        int fields = reader.tuple();
        if (fields == 0) {
            throw reader.malformed("an empty frame");
        }
        int kind = reader.int32();
        switch (kind) {
            case BATCH -> records.batch(fields, reader);
            case GOODBYE -> {
                if (fields != GOODBYE_FIELDS) {
                    throw reader.malformed("GOODBYE of " + fields + " fields, not " + GOODBYE_FIELDS);
                }
                line.told(reader.int64(), reader.int64(), accounts);
                saidGoodbye = true;
            }
            default -> throw reader.malformed("frame of kind " + kind);
        }
    }

    /** Waits for the next frame and points the reader at it; false at the end of the connection. */
    private boolean receive() throws IOException {
        while (!frames.next(reader)) {
            ByteBuffer space = frames.space();
            waitingSince = System.nanoTime();
            int bytes = channel.read(space);
            waitingSince = WORKING;
            if (bytes < 0) {
                return false;
            }
        }
        return true;
    }

    private void cutOff(MalformedException e) {
        intake.counters().cutOff.increment();
        LOG.log(Level.WARNING, "a connection was cut off: {0}", e.getMessage());
    }

    /** Says why, once; the caller closes. */
    void refuse(String reason) {
        intake.counters().refused.increment();
        try {
            answer(new MarshalWriter().tuple(2).integer(REFUSED).str(reason));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a refused connection was already closed", e);
        }
    }

    private void answer(MarshalWriter frame) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(frame.frame());
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
