// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;

/**
 * The private directories in which the socket and the ledger are, and a spool. Whoever may write there could put a
 * socket of their own in the place of ours, and be told the credentials of every application; whoever may only pass
 * through needs the socket's own permission.
 *
 * <p>Called when the engine starts, on its main thread.
 */
public final class SocketDirectory {
    /** The mode of a directory that is for nobody but its owner. */
    static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");
    /**
     * The mode of a directory through which others may pass to the socket, of an engine that serves other users too.
     */
    static final Set<PosixFilePermission> SHARED = PosixFilePermissions.fromString("rwx--x--x");

    private SocketDirectory() {}

    /** Makes the directory of the socket with mode 0700, if it is not there. */
    static void make(Path socket) throws IOException {
        Path directory = of(socket);
        if (!Files.isDirectory(directory)) {
            if (directory.getParent() != null) {
                Files.createDirectories(directory.getParent());
            }
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PRIVATE));
        }
    }

    /**
     * Makes the directory of the socket if it is not there; one that is there must be this user's, of mode 0700.
     *
     * @param shared whether other users are to be served: then the mode is 0711, which a directory of mode 0700 is
     *     given
     * @throws IOException with one line for the user if it is not as it must be
     */
    public static void prepare(Path socket, boolean shared) throws IOException {
        make(socket);
        Path directory = of(socket);
        PosixFileAttributes found =
                Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!found.isDirectory()) {
            throw new IOException(directory + " must be a directory, not a link to one");
        }
        UserPrincipal us = owner();
        if (!found.owner().equals(us)) {
            throw new IOException(directory + " must belong to " + us.getName() + ", not to "
                    + found.owner().getName());
        }
        Set<PosixFilePermission> mode = found.permissions();
        if (shared && mode.equals(PRIVATE)) {
            Files.setPosixFilePermissions(directory, SHARED);
        } else if (!mode.equals(shared ? SHARED : PRIVATE)) {
            throw new IOException(directory + " must have mode " + (shared ? "rwx--x--x (0711)" : "rwx------ (0700)")
                    + ", not " + PosixFilePermissions.toString(mode));
        }
    }

    /** This process's user: where there is no /proc, by name. */
    private static UserPrincipal owner() throws IOException {
        Path process = Path.of("/proc/self");
        return Files.exists(process)
                ? Files.getOwner(process)
                : process.getFileSystem()
                        .getUserPrincipalLookupService()
                        .lookupPrincipalByName(System.getProperty("user.name"));
    }

    private static Path of(Path socket) {
        Path directory = socket.toAbsolutePath().getParent();
        if (directory == null) {
            throw new IllegalArgumentException(socket + " is in no directory");
        }
        return directory;
    }
}
