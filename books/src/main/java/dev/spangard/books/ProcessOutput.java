// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.io.IOException;
import java.io.OutputStream;

/** The standard output of a recorder's process. */
public interface ProcessOutput {
    /**
     * Opens it, to write at its end. Does not wait, for the reader of a pipe either; writing to it may. Any thread; the stream
     * is for one at a time.
     *
     * @throws IOException if it cannot be had, or cannot be told to be that process's own; the message says why
     */
    OutputStream open() throws IOException;
}
