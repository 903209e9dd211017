// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.io.IOException;
import java.nio.file.Path;

/** Another engine serves this socket. */
public final class EngineRunningException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param socket where the other engine serves */
    public EngineRunningException(Path socket) {
        super("another engine is running at " + socket);
    }
}
