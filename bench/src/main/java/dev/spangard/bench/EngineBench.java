// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Records per second of one core that the engine turns into exported spans and measurements, and its resident memory:
 * the engine as it ships, fed through its socket, exporting OTLP http/protobuf to a sink on loopback.
 *
 * <p>CPU is that of the engine's whole process: reading, decoding, spans, metrics, export, garbage collection. Never more
 * records are under way than the engine can hold, so none is dropped; a round in which one is lost is no result.
 *
 * <p>Usage: {@code ./dev bench engine [--rounds N] [--seconds S] [--no-report] [-J FLAG …]}, from the checkout's root.
 */
final class EngineBench {
    private static final Path JARS = Path.of("cli/target/jars");
    private static final Path REPORTS = Path.of("docs/benchmarks");
    /** Until the JVM has compiled what it will: by records, since a machine with other work to do gets less of it done. */
    private static final int WARM_UP_RECORDS = 1_500_000;
    /** Fewer than the engine's span queue holds (8192), more than three of its batches. */
    private static final int MAX_UNDER_WAY = 6500;

    private static final int FRAMES = 64;
    private static final int MUST_PER_SECOND = 150_000;
    private static final int AIM_PER_SECOND = 300_000;
    private static final int MUST_IDLE_MB = 100;
    private static final int MUST_LOADED_MB = 160;

    private final int rounds;
    private final int seconds;
    private final List<String> engineFlags;

    private EngineBench(int rounds, int seconds, List<String> engineFlags) {
        this.rounds = rounds;
        this.seconds = seconds;
        this.engineFlags = engineFlags;
    }

    /** What a load cost, in each round. */
    private record Result(Load load, List<Double> perCoreSecond, double wallPerSecond, double bytesPerSpan) {
        double median() {
            return perCoreSecond.stream().sorted().toList().get(perCoreSecond.size() / 2);
        }
    }

    public static void main(String[] arguments) throws IOException {
        int rounds = 5;
        int seconds = 6;
        boolean report = true;
        List<String> flags = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--rounds" -> rounds = Integer.parseInt(arguments[++i]);
                case "--seconds" -> seconds = Integer.parseInt(arguments[++i]);
                case "--no-report" -> report = false;
                case "-J" -> flags.add(arguments[++i]);
                default -> {
                    System.err.println("usage: bench engine [--rounds N] [--seconds S] [--no-report] [-J FLAG]");
                    System.exit(2);
                }
            }
        }
        String page = new EngineBench(rounds, seconds, flags).run(String.join(" ", arguments));
        System.out.print(page);
        if (report) {
            Files.createDirectories(REPORTS);
            Files.writeString(REPORTS.resolve(LocalDate.now(ZoneOffset.UTC) + "-engine.md"), page);
        }
    }

    private String run(String arguments) throws IOException {
        Path directory = Files.createTempDirectory("spangard-bench");
        try (Sink sink = new Sink();
                EngineProcess engine =
                        new EngineProcess(JARS, directory.resolve("e.sock"), sink.endpoint(), engineFlags)) {
            SocketChannel channel = engine.connect();
            write(channel, Load.hello(new Random().nextLong() >>> 1));
            pause(3);
            double idle = engine.residentMegabytes();
            List<Result> results = new ArrayList<>();
            double loaded = 0;
            Recorder recorder = new Recorder(channel, sink);
            for (Load load : Load.values()) {
                recorder.feed(load, 0, WARM_UP_RECORDS);
                List<Double> perCoreSecond = new ArrayList<>();
                double records = 0;
                long bytes = sink.bytes();
                for (int round = 0; round < rounds; round++) {
                    double before = engine.cpuSeconds();
                    long fed = recorder.feed(load, seconds, 0);
                    double cpu = engine.cpuSeconds() - before;
                    perCoreSecond.add(fed / cpu);
                    records += fed;
                    loaded = Math.max(loaded, engine.residentMegabytes());
                }
                results.add(new Result(
                        load, perCoreSecond, records / (rounds * seconds), (sink.bytes() - bytes) / records));
            }
            write(channel, Load.goodbye(recorder.sent));
            channel.close();
            return page(results, idle, loaded, arguments);
        } finally {
            try (var files = Files.walk(directory)) {
                for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }

    /** One recorder that is never ahead of the sink by more than the engine can hold. */
    private static final class Recorder {
        private final SocketChannel channel;
        private final Sink sink;
        private final Random random = new Random(20261122);
        private long sent;
        private long seq;

        Recorder(SocketChannel channel, Sink sink) {
            this.channel = channel;
            this.sink = sink;
        }

        /** Feeds for so long and so many at least, waits until all is exported, and returns how many records it was. */
        long feed(Load load, int seconds, long records) throws IOException {
            List<byte[]> frames = new ArrayList<>();
            long before = sent;
            for (int i = 0; i < FRAMES; i++) {
                frames.add(load.batch(seq++, sent, System.currentTimeMillis() * 1_000_000, random));
            }
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            for (int i = 0; System.nanoTime() - until < 0 || sent - before < records; i++) {
                awaitExported(sent + Load.RECORDS - MAX_UNDER_WAY);
                write(channel, frames.get(i % FRAMES));
                sent += Load.RECORDS;
            }
            awaitExported(sent);
            return sent - before;
        }

        private void awaitExported(long records) {
            long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (sink.spans() < records) {
                if (System.nanoTime() - patience > 0) {
                    throw new IllegalStateException(
                            (sent - sink.spans()) + " of " + sent + " spans did not come out: no result");
                }
                LockSupport.parkNanos(200_000);
            }
        }
    }

    private static void write(SocketChannel channel, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static void pause(int seconds) {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() - until < 0) {
            LockSupport.parkNanos(until - System.nanoTime());
        }
    }

    private String page(List<Result> results, double idle, double loaded, String arguments) {
        StringBuilder out = new StringBuilder();
        out.append("# Engine, ").append(LocalDate.now(ZoneOffset.UTC)).append("\n\n");
        out.append("Records per second of one core (CPU of the engine's whole process) from the socket to spans and\n");
        out.append("measurements exported by OTLP http/protobuf to a sink on loopback. ")
                .append(rounds);
        out.append(" rounds of ").append(seconds).append(" s each.\n\n");
        out.append("| load | records per core-second, median | least … most | µs CPU a record | wall, records/s |");
        out.append(" OTLP bytes a span |\n|---|---|---|---|---|---|\n");
        for (Result result : results) {
            var spread = result.perCoreSecond().stream()
                    .mapToDouble(Double::doubleValue)
                    .summaryStatistics();
            out.append(String.format(
                    Locale.ROOT,
                    "| %s | %,.0f | %,.0f … %,.0f | %.2f | %,.0f | %.0f |%n",
                    result.load().title,
                    result.median(),
                    spread.getMin(),
                    spread.getMax(),
                    1e6 / result.median(),
                    result.wallPerSecond(),
                    result.bytesPerSpan()));
        }
        double hello = results.getFirst().median();
        out.append("\n| number to hold | measured | must | aim |\n|---|---|---|---|\n");
        out.append(String.format(
                Locale.ROOT,
                "| hello records per core-second | %,.0f | ≥ %,d %s | ≥ %,d %s |%n",
                hello,
                MUST_PER_SECOND,
                mark(hello >= MUST_PER_SECOND),
                AIM_PER_SECOND,
                mark(hello >= AIM_PER_SECOND)));
        out.append(String.format(
                Locale.ROOT,
                "| resident, idle (one recorder connected) | %.0f MB | ≤ %d MB %s | ≤ 80 MB %s |%n",
                idle,
                MUST_IDLE_MB,
                mark(idle <= MUST_IDLE_MB),
                mark(idle <= 80)));
        out.append(String.format(
                Locale.ROOT,
                "| resident, under load (largest seen) | %.0f MB | ≤ %d MB %s | ≤ 130 MB %s |%n",
                loaded,
                MUST_LOADED_MB,
                mark(loaded <= MUST_LOADED_MB),
                mark(loaded <= 130)));
        out.append("\nMachine: ").append(Machine.cpu()).append(", ");
        out.append(Runtime.getRuntime().availableProcessors()).append(" processors, ");
        out.append(System.getProperty("os.name")).append(' ').append(System.getProperty("os.version"));
        out.append(". Java ").append(Runtime.version()).append(", engine flags ");
        out.append(String.join(" ", EngineProcess.FLAGS));
        engineFlags.forEach(flag -> out.append(' ').append(flag));
        out.append(". Load and sink share the machine.\nCommand: `./dev bench engine");
        out.append(arguments.isEmpty() ? "" : " ").append(arguments).append("`\n");
        return out.toString();
    }

    private static String mark(boolean holds) {
        return holds ? "✓" : "✗";
    }
}
