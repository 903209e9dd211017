// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.ProcessOutput;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The standard output of a service's recorders, to which one of them is enough: that of a recorder that is there, as
 * long as one is. Writing may take for ever (a pipe that is read slowly), so only exporters' own threads write; peers'
 * threads say who comes and goes, and never wait. Thread-safe.
 */
public final class ApplicationOutput implements Closeable {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final boolean tty;
    /**
     * The outputs of the recorders that are there, in the order they came. Guarded by itself, never held while
     * something waits.
     */
    private final List<ProcessOutput> outputs = new ArrayList<>();
    /** Whether the open output is to be let go of as soon as nobody writes. */
    private volatile boolean isReleased;

    private final ReentrantLock lock = new ReentrantLock();
    // All below is guarded by the lock.
    private @Nullable ProcessOutput source;
    private @Nullable OutputStream out;
    private boolean complained;

    /**
     * Has no output until a recorder has joined.
     *
     * @param tty whether it is a terminal
     */
    public ApplicationOutput(boolean tty) {
        this.tty = tty;
    }

    /** Makes one that has this output for as long as it is open. */
    static ApplicationOutput of(OutputStream out, boolean tty) {
        var applicationOutput = new ApplicationOutput(tty);
        applicationOutput.joined(() -> out);
        return applicationOutput;
    }

    /** Whether it is a terminal. */
    boolean tty() {
        return tty;
    }

    /**
     * Writes the text at once, so that lines of the application and ours do not mix within a line. The first failure is
     * logged.
     */
    void write(CharSequence text) throws IOException {
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        lock.lock();
        try {
            write(bytes);
        } finally {
            if (isReleased) {
                closeIfLeft();
            }
            lock.unlock();
        }
    }

    private void write(byte[] bytes) throws IOException {
        IOException failure = new IOException("the application has ended");
        List<ProcessOutput> sources = sources();
        for (ProcessOutput each : sources) {
            try {
                OutputStream open = open(each);
                open.write(bytes);
                open.flush();
                complained = false;
                return;
            } catch (IOException e) {
                closeStream();
                failure = e;
            }
        }
        if (!complained && !sources.isEmpty()) {
            complained = true;
            String why = failure.getMessage();
            LOG.log(
                    Level.WARNING,
                    "nothing is printed: the application''s standard output cannot be written to: {0}",
                    why);
        }
        throw failure;
    }

    /** Where to write, the best first: what is open already, of a recorder that is there or of the last that was. */
    private List<ProcessOutput> sources() {
        ProcessOutput open = source;
        synchronized (outputs) {
            List<ProcessOutput> sources = new ArrayList<>(outputs);
            if (open != null && (sources.isEmpty() || sources.remove(open))) {
                sources.addFirst(open);
            }
            return sources;
        }
    }

    private OutputStream open(ProcessOutput wanted) throws IOException {
        OutputStream open = out;
        if (open == null || !wanted.equals(source)) {
            closeStream();
            open = wanted.open();
            out = open;
            source = wanted;
        }
        return open;
    }

    private void closeStream() {
        OutputStream open = out;
        out = null;
        source = null;
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            // Nothing is buffered, so nothing is lost.
        }
    }

    /**
     * Adds the output of a recorder that has come. If it is the only one, it is opened now, for its process may have
     * ended when there is something to write. Does not wait for somebody who writes, who looks for it himself.
     */
    public void joined(ProcessOutput output) {
        boolean isOnly;
        synchronized (outputs) {
            outputs.add(output);
            isReleased = false;
            isOnly = outputs.size() == 1;
        }
        if (isOnly && lock.tryLock()) {
            try {
                open(output);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "an output that cannot be opened, which its first use says", e);
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Removes the output of a recorder that has gone. What is to be printed of its spans may still be written there.
     */
    public void left(ProcessOutput output) {
        synchronized (outputs) {
            outputs.remove(output);
        }
    }

    /**
     * Lets go of the output, on which the reader of a pipe waits, unless a recorder has come meanwhile. Does not wait
     * for somebody who writes: then it is he who does that.
     */
    public void release() {
        isReleased = true;
        if (lock.tryLock()) {
            try {
                closeIfLeft();
            } finally {
                lock.unlock();
            }
        }
    }

    private void closeIfLeft() {
        boolean isLeft;
        synchronized (outputs) {
            isLeft = outputs.isEmpty();
        }
        if (isLeft) {
            closeStream();
        }
    }

    /** Lets go of the output as {@link #release}, whoever is there. */
    @Override
    public void close() {
        synchronized (outputs) {
            outputs.clear();
        }
        release();
    }
}
