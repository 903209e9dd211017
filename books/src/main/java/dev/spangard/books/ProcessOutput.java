// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.io.IOException;
import java.io.OutputStream;

/** The standard output of a recorder's process. Any thread may open it; what it opens is for one thread at a time. */
public interface ProcessOutput {
    /**
     * Opens the output, to write at its end. It does not wait, for the reader of a pipe either; writing to it may. The
     * caller closes it.
     *
     * @throws IOException if it cannot be had, or may not be that process's own; the message says why
     */
    OutputStream open() throws IOException;
}
