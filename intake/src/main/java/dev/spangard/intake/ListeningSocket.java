// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.EngineRunningException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The socket that recorders connect to, and who may. One thread accepts and waits; any may wake it or close the socket.
 *
 * @param path by which recorders find it
 * @param fileKey of its file, by which it is told from another engine's at the same path
 * @param owner whose the engine is
 * @param guests other users who may connect
 */
record ListeningSocket(
        Path path,
        Object fileKey,
        ServerSocketChannel server,
        Selector arrivals,
        UserPrincipal owner,
        Set<UserPrincipal> guests)
        implements Closeable {
    private static final Logger LOG = System.getLogger(ListeningSocket.class.getName());

    private static final int TYPE = 0170000;
    private static final int SOCKET = 0140000;

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> EVERYBODY = PosixFilePermissions.fromString("rw-rw-rw-");

    /**
     * Listens, in place of a socket file that nobody answers at.
     *
     * @param allowedUids of users who may connect beside the owner
     * @throws EngineRunningException if somebody answers at the socket
     */
    static ListeningSocket open(Path socket, Set<Integer> allowedUids) throws IOException {
        removeStale(socket);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        Selector arrivals = Selector.open();
        try {
            server.configureBlocking(false);
            server.register(arrivals, SelectionKey.OP_ACCEPT);
            server.bind(UnixDomainSocketAddress.of(socket));
            UserPrincipal owner = Files.getOwner(socket);
            Set<UserPrincipal> guests = users(allowedUids);
            Files.setPosixFilePermissions(socket, guests.isEmpty() ? OWNER_ONLY : EVERYBODY);
            return new ListeningSocket(socket, fileKey(socket), server, arrivals, owner, guests);
        } catch (IOException | RuntimeException e) {
            arrivals.close();
            server.close();
            throw e;
        }
    }

    private static Set<UserPrincipal> users(Set<Integer> uids) throws IOException {
        Set<UserPrincipal> users = new HashSet<>();
        UserPrincipalLookupService lookup = FileSystems.getDefault().getUserPrincipalLookupService();
        for (int uid : uids) {
            users.add(lookup.lookupPrincipalByName(Integer.toString(uid)));
        }
        return users;
    }

    /** Removes a socket file that nobody answers at: it was left by an engine that was killed. */
    private static void removeStale(Path socket) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(socket));
            throw new EngineRunningException(socket);
        } catch (EngineRunningException e) {
            throw e;
        } catch (IOException e) {
            try {
                int mode = (int) Files.getAttribute(socket, "unix:mode", LinkOption.NOFOLLOW_LINKS);
                if ((mode & TYPE) != SOCKET) {
                    throw new IOException(socket + " is not a socket");
                }
                Files.delete(socket);
            } catch (NoSuchFileException none) {
                LOG.log(Level.DEBUG, "a new socket at {0}", socket);
            }
        }
    }

    private static Object fileKey(Path socket) throws IOException {
        return Files.readAttributes(socket, BasicFileAttributes.class).fileKey();
    }

    /** Whether recorders still find it at its path: nobody has removed its file, or put another in its place. */
    boolean isAtItsPath() {
        try {
            return fileKey.equals(fileKey(path));
        } catch (IOException e) {
            return false;
        }
    }

    /** Removes its file, if it is still its own. */
    void removeFile() throws IOException {
        if (isAtItsPath()) {
            Files.deleteIfExists(path);
        }
    }

    /** Returns the next connection; null if none has arrived. */
    @Nullable
    SocketChannel accept() throws IOException {
        return server.accept();
    }

    /** Waits until there may be a connection, or somebody calls {@link #wakeup}. */
    void await() throws IOException {
        arrivals.select();
        arrivals.selectedKeys().clear();
    }

    void wakeup() {
        arrivals.wakeup();
    }

    @Override
    public void close() throws IOException {
        arrivals.close();
        server.close();
    }
}
