// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The application's standard output, opened by the engine at the first write. Opening may take for ever (a pipe whose
 * reader is gone) as may writing (one that reads slowly), so only exporters' own threads write. Thread-safe.
 */
final class Console implements Closeable {
    private static final Logger LOG = System.getLogger("spangard.engine");

    private final boolean tty;
    private final ReentrantLock lock = new ReentrantLock();
    // All below is guarded by the lock.
    /** Where to open it; null once it has been released. */
    private @Nullable String path;

    private @Nullable OutputStream out;

    private boolean complained;

    private Console(String path, boolean tty, @Nullable OutputStream out) {
        this.path = path;
        this.tty = tty;
        this.out = out;
    }

    /** @param path of what is there already; nothing is made */
    static Console at(String path, boolean tty) {
        return new Console(path, tty, null);
    }

    static Console of(OutputStream out, boolean tty) {
        return new Console("", tty, out);
    }

    /** Whether it is a terminal. */
    boolean tty() {
        return tty;
    }

    /** All at once, so that lines of the application and ours do not mix within a line. The first failure is logged. */
    void write(CharSequence text) throws IOException {
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        lock.lock();
        try {
            OutputStream open = out;
            if (open == null) {
                if (path == null) {
                    throw new IOException("the application has ended");
                }
                open = Files.newOutputStream(Path.of(path), StandardOpenOption.APPEND);
                out = open;
            }
            open.write(bytes);
            open.flush();
        } catch (IOException | InvalidPathException e) {
            if (!complained && path != null) {
                complained = true;
                LOG.log(Level.WARNING, "nothing is printed: the application's standard output cannot be written to", e);
            }
            throw e instanceof IOException failure ? failure : new IOException(e);
        } finally {
            lock.unlock();
        }
    }

    /** The application is there again, perhaps as another process. Does not wait for somebody who writes: it is open then. */
    void reopen(String newPath) {
        if (lock.tryLock()) {
            try {
                if (path == null) {
                    path = newPath;
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** Lets go of the output, on which the reader of a pipe waits. Does not wait for somebody who writes. */
    @Override
    public void close() {
        if (lock.tryLock()) {
            try {
                path = null;
                OutputStream open = out;
                out = null;
                if (open != null) {
                    open.close();
                }
            } catch (IOException e) {
                // Nothing is buffered, so nothing is lost.
            } finally {
                lock.unlock();
            }
        }
    }

    /** Control characters as {@code \xNN}: they come from clients and would steer the terminal. */
    static String printable(String text) {
        int i = 0;
        while (i < text.length() && !isControl(text.charAt(i))) {
            i++;
        }
        if (i == text.length()) {
            return text;
        }
        var escaped = new StringBuilder(text.length() + 16);
        for (i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isControl(c)) {
                escaped.append(String.format(c < 0x100 ? "\\x%02x" : "\\u%04x", (int) c));
            } else {
                escaped.append(c);
            }
        }
        return escaped.toString();
    }

    /** C0, DEL, C1, line separators, and all marks of bidirectional text, which show a line in another order. */
    private static boolean isControl(char c) {
        return c < ' '
                || (c >= 0x7f && c < 0xa0)
                || c == 0x061c
                || c == 0x200e
                || c == 0x200f
                || (c >= 0x2028 && c <= 0x202e)
                || (c >= 0x2066 && c <= 0x2069);
    }
}
