// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The application's standard output, opened by the engine. Whoever writes may be held up by the reader of a pipe, so only
 * exporters' own threads do. Thread-safe.
 *
 * @param tty whether it is a terminal
 */
record Console(OutputStream out, boolean tty) implements Closeable {
    /** Opens what is there already; null if it cannot be opened (a socket, another user's terminal). */
    static @Nullable Console open(String path, boolean tty) {
        try {
            return new Console(Files.newOutputStream(Path.of(path), StandardOpenOption.APPEND), tty);
        } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
            return null;
        }
    }

    /** All at once, so that lines of the application and ours do not mix within a line. */
    void write(CharSequence text) throws IOException {
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        synchronized (out) {
            out.write(bytes);
            out.flush();
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            // Nothing is buffered, so nothing is lost.
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

    /** C0, DEL, C1, line separators, and the marks that reverse the direction of a line. */
    private static boolean isControl(char c) {
        return c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    }
}
