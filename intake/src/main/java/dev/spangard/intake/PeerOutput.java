// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.ProcessOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The standard output of the process at the other end of a connection, whatever that process says it is: the kernel tells
 * the process (SO_PEERCRED), and what is written to is its descriptor 1, as {@code /proc} has it.
 *
 * <p>It is that if the process is of the engine's own user and older than the connection, so that a number which has come to
 * mean another process is not taken for it; and if the descriptor is a terminal, a pipe, {@code /dev/null}, or a file that
 * belongs to the engine's user. Each is looked at through a descriptor of our own, after which it cannot become another.
 *
 * <p>Where there is no {@code /proc}, only a terminal of the engine's user is one, by its name.
 */
final class PeerOutput implements ProcessOutput {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final Duration START_TOLERANCE = Duration.ofSeconds(1);

    private static final int SO_PEERCRED = 17;
    private static final int SO_LINGER = 13;
    /**
     * The seconds by which our option is known; nobody else would give them. A stream socket of the Unix family has no
     * use for the option.
     */
    private static final int MARK = 0x5a5a;

    private static final int TYPE = 0170000;
    private static final int FIFO = 0010000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int REGULAR = 0100000;

    private final SocketChannel channel;
    private final long acceptedNanos;
    private final UserPrincipal user;
    private final @Nullable String terminal;

    /** Who connected, as the kernel has it in {@code struct ucred}. */
    private record Credentials(int pid, int uid) {}

    /**
     * Makes the output of a connection's process; nothing is opened yet.
     *
     * @param channel whose peer's user is the engine's, {@code user}
     * @param acceptedNanos {@link System#nanoTime} when it was accepted
     * @param terminal what the process says its terminal's name is; null if it has none
     */
    PeerOutput(SocketChannel channel, long acceptedNanos, UserPrincipal user, @Nullable String terminal) {
        this.channel = channel;
        this.acceptedNanos = acceptedNanos;
        this.user = user;
        this.terminal = terminal;
    }

    @Override
    public OutputStream open() throws IOException {
        if (!Files.isDirectory(DESCRIPTORS)) {
            return byName();
        }
        Credentials peer = peer(channel);
        if (peer.pid <= 0) {
            throw new IOException("its process is in another container, which the engine does not see into");
        }
        try (Descriptor process = Descriptor.of("/proc/" + peer.pid)) {
            checkProcess(process, peer);
            try (Descriptor output = process.at("fd/1")) {
                check(output, peer);
                return output.append();
            }
        }
    }

    /**
     * Returns what the kernel says of who connected. Java tells the names of user and group only, and keeps the
     * descriptor's number to itself: it is the one whose option shows the mark that we set by Java's means.
     */
    private static synchronized Credentials peer(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, MARK);
        try (DirectoryStream<Path> own = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path each : own) {
                int descriptor = Integer.parseInt(each.getFileName().toString());
                int[] linger = LibC.socketOption(descriptor, SO_LINGER, 2);
                if (linger.length == 2 && linger[0] != 0 && linger[1] == MARK) {
                    int[] credentials = LibC.socketOption(descriptor, SO_PEERCRED, 3);
                    if (credentials.length == 3) {
                        return new Credentials(credentials[0], credentials[1]);
                    }
                }
            }
        } finally {
            channel.setOption(StandardSocketOptions.SO_LINGER, -1);
        }
        throw new IOException("the kernel does not tell which process the application is");
    }

    private void checkProcess(Descriptor process, Credentials peer) throws IOException {
        if (!process.attribute("uid").equals(peer.uid)) {
            throw new IOException("its process is another user's");
        }
        Instant started = ProcessHandle.of(peer.pid)
                .flatMap(handle -> handle.info().startInstant())
                .orElseThrow(() -> new IOException("it has ended"));
        Instant accepted = Instant.now().minusNanos(System.nanoTime() - acceptedNanos);
        if (started.isAfter(accepted.plus(START_TOLERANCE))) {
            throw new IOException("it has ended");
        }
    }

    private static void check(Descriptor output, Credentials peer) throws IOException {
        int mode = (int) output.attribute("mode");
        boolean isAllowed = switch (mode & TYPE) {
            case FIFO -> true;
            case CHARACTER_DEVICE -> isTerminalOrNull((long) output.attribute("rdev"));
            case REGULAR -> output.attribute("uid").equals(peer.uid);
            default -> false;
        };
        if (!isAllowed) {
            throw new IOException("it is neither a terminal, nor a pipe, nor a file of the engine's user");
        }
    }

    /**
     * Whether a device is a terminal or {@code /dev/null}, by the numbers in Documentation/admin-guide/devices.txt of
     * Linux.
     */
    static boolean isTerminalOrNull(long device) {
        int major = (int) ((device >>> 8) & 0xfff);
        int minor = (int) ((device & 0xff) | ((device >>> 12) & 0xfff00));
        return switch (major) {
            case 1 -> minor == 3;
            case 4 -> true;
            case 5 -> minor < 2; // the third is where new terminals are made
            case 204, 229 -> true; // serial lines, those of virtual machines
            default -> major >= 136 && major <= 143;
        };
    }

    /** Opens the terminal by its name, as on macOS, where a terminal's device belongs to whoever is logged in there. */
    private OutputStream byName() throws IOException {
        if (terminal == null || !terminal.matches("/dev/tty[a-z0-9]+")) {
            throw new IOException("it is no terminal, and this system has no /proc");
        }
        Path device = Path.of(terminal);
        int mode = (int) Files.getAttribute(device, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if ((mode & TYPE) != CHARACTER_DEVICE || !Files.getOwner(device).equals(user)) {
            throw new IOException("it is no terminal of the engine's user");
        }
        return Files.newOutputStream(device, StandardOpenOption.APPEND);
    }
}
