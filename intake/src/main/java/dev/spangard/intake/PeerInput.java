// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one recorder sends. Read by its peer's thread alone; another may say that the connection is to end, and what has
 * arrived until then is read all the same. A blocking read could not be ended without loss: to close a channel throws away
 * what waits in it, however long the thread that would have read it has had no turn.
 */
final class PeerInput {
    /** Whoever was asked to leave and sends nothing for so long is not in the middle of a frame. */
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final SocketChannel channel;
    /** Null until the peer's thread has begun. */
    private volatile @Nullable Selector selector;

    private volatile boolean ending;

    /** Whether the last read filled its space, so that there may be more at once; if not, to ask would be in vain. */
    private boolean mayHaveMore;

    /** @param channel stays the peer's, who closes it, and then this */
    PeerInput(SocketChannel channel) {
        this.channel = channel;
    }

    /**
     * To be called by the peer's thread, first.
     *
     * @throws IOException if there are no descriptors for it
     */
    void open() throws IOException {
        channel.configureBlocking(false);
        Selector opened = Selector.open();
        selector = opened;
        channel.register(opened, SelectionKey.OP_READ);
    }

    /** Waits for bytes; -1 at the end of the connection, and when it {@link #end is to end} and nothing more has come. */
    int read(ByteBuffer into) throws IOException {
        Selector waiting = selector;
        if (waiting == null) {
            throw new ClosedChannelException();
        }
        int offered = into.remaining();
        int bytes = mayHaveMore ? channel.read(into) : 0;
        long idleAt = 0;
        while (bytes == 0) {
            if (ending && idleAt == 0) {
                idleAt = System.nanoTime() + IDLE_NANOS;
            }
            long left = idleAt - System.nanoTime();
            boolean last = idleAt != 0 && left <= 0;
            if (!last) {
                await(waiting, idleAt == 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(left) + 1);
            }
            bytes = channel.read(into);
            if (last && bytes == 0) {
                return -1;
            }
        }
        mayHaveMore = bytes == offered;
        return bytes;
    }

    /** @param millis 0 to wait as long as it takes */
    private static void await(Selector selector, long millis) throws IOException {
        try {
            selector.select(millis);
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException e) {
            throw (ClosedChannelException) new ClosedChannelException().initCause(e);
        }
    }

    /** The connection is to end as soon as what has arrived is read. Any thread. */
    void end() {
        ending = true;
        Selector waiting = selector;
        if (waiting != null) {
            waiting.wakeup();
        }
    }

    /** Ends a wait for bytes that the peer's thread may be in. Any thread; the channel was closed before. */
    void close() throws IOException {
        Selector waiting = selector;
        if (waiting != null) {
            waiting.close();
        }
    }
}
