// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.bench;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The engine as it ships, in a process of its own. */
final class EngineProcess implements AutoCloseable {
    /** As python/src/spangard/_java.py starts it. */
    static final List<String> FLAGS = List.of(
            "-XX:+UseSerialGC",
            "-Xms60m",
            "-Xmn32m",
            "-Xmx96m",
            "-XX:SurvivorRatio=3",
            "-XX:TargetSurvivorRatio=90",
            "-XX:+UseCompactObjectHeaders",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:TrimNativeHeapInterval=1000");

    private static final Duration START_TIMEOUT = Duration.ofSeconds(20);

    private final Process process;
    private final Path socket;

    /** @param jars with the engine and all it needs; made by the build of {@code cli} */
    EngineProcess(Path jars, Path socket, String otlpEndpoint, List<String> extraFlags) throws IOException {
        this.socket = socket;
        var command = new java.util.ArrayList<String>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(FLAGS);
        command.addAll(extraFlags);
        command.addAll(List.of("-cp", jars + "/*", "dev.spangard.cli.Main", "engine", "--admin", "off"));
        command.addAll(List.of("--log-level", "warning", "--socket", socket.toString()));
        var builder = new ProcessBuilder(command).inheritIO();
        builder.environment().keySet().removeIf(name -> name.startsWith("OTEL_") || name.startsWith("SPANGARD_"));
        builder.environment().put("OTEL_EXPORTER_OTLP_ENDPOINT", otlpEndpoint);
        builder.environment().put("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        builder.environment().put("OTEL_TRACES_EXPORTER", "otlp");
        builder.environment().put("OTEL_METRICS_EXPORTER", "otlp");
        process = builder.start();
    }

    /** A connection, as soon as there is one to be had. */
    SocketChannel connect() throws IOException {
        long until = System.nanoTime() + START_TIMEOUT.toNanos();
        while (true) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                return channel;
            } catch (IOException e) {
                channel.close();
                if (!process.isAlive() || System.nanoTime() - until > 0) {
                    throw new IOException("the engine does not answer at " + socket, e);
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }
    }

    /** User and system time of all its threads so far, in seconds. */
    double cpuSeconds() throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        // utime and stime, fields 14 and 15 of proc(5); the first here is field 3. 100 ticks a second on every Linux.
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
    }

    double residentMegabytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        throw new IOException("no VmRSS");
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
