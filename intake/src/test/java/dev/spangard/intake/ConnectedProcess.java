// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

/** A process of its own at the other end of a connection; it ends when it is closed. */
final class ConnectedProcess implements AutoCloseable {
    private final ServerSocketChannel server;
    private final Process process;
    final SocketChannel channel;

    /** @param output where its standard output goes */
    ConnectedProcess(Path directory, ProcessBuilder.Redirect output) throws IOException {
        Path socket = directory.resolve("s");
        server = ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        socket.toString()))
                .redirectOutput(output)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        channel = server.accept();
    }

    long pid() {
        return process.pid();
    }

    /** What it, or anybody, has printed by its end; for an output that is a pipe. */
    String printed() throws IOException {
        end();
        return new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Closes its input, at the end of which it ends. */
    void end() throws IOException {
        process.getOutputStream().close();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        end();
        channel.close();
        server.close();
    }

    static final class Main {
        private Main() {}

        public static void main(String[] arguments) throws IOException {
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(arguments[0]))) {
                System.out.println(channel.isConnected() ? "mine" : "");
                while (System.in.read() >= 0) {}
            }
        }
    }
}
