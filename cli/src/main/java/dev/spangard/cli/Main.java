// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.EngineRunningException;
import dev.spangard.books.TakeOver;
import dev.spangard.export.Json;
import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.ConfigurationFile;
import dev.spangard.settings.EngineVersion;
import dev.spangard.settings.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The engine's command line. The launcher in {@code python/src/spangard} starts it as {@code java … Main engine FLAGS},
 * and asks it as {@code configuration} and {@code doctor}.
 *
 * <p>Exit codes: 0 after an orderly end; 2 for a wrong command line; 3 when the engine cannot start, or a configuration
 * file cannot be understood; 4 when another engine serves the socket; 1 when the doctor finds a fault.
 */
public final class Main {
    static final int OK = 0;
    static final int USAGE = 2;
    static final int START_FAILED = 3;
    /** Apart from {@link #START_FAILED}, for whoever started an engine so that there be one: the recorder's launcher. */
    static final int ANOTHER_SERVES = 4;

    /** The seconds in which a process ends that was told to, whatever hangs. Closing is bounded below that. */
    private static final int END_SECONDS = 9;

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param arguments the command and its flags
     */
    public static void main(String[] arguments) {
        // Here, not in EngineLog: a call of its methods would initialise LogManager, which then has chosen already.
        System.setProperty("java.util.logging.manager", EngineLog.class.getName());
        if (arguments.length > 0 && arguments[0].equals("engine")) {
            nameProcess();
        }
        System.exit(run(List.of(arguments), System.getenv(), System.out, System.err));
    }

    static int run(List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
        if (arguments.contains("--version")) {
            out.println("spangard " + EngineVersion.TEXT);
            return OK;
        }
        if (arguments.contains("--help") || arguments.contains("-h")) {
            out.print(EngineOptions.HELP);
            return OK;
        }
        EngineOptions options;
        try {
            String command = arguments.isEmpty() ? "" : arguments.getFirst();
            List<String> rest = arguments.subList(Math.min(1, arguments.size()), arguments.size());
            switch (command) {
                case "engine" -> options = EngineOptions.parse(rest, environment);
                case "configuration" -> {
                    return configuration(environment, out, err);
                }
                case "doctor" -> {
                    return new Doctor(environment, rest, out).examine() ? OK : 1;
                }
                default ->
                    throw new UsageException("the first argument must be engine, configuration or doctor; try --help");
            }
        } catch (UsageException e) {
            err.println("spangard: " + Printable.of(e.getMessage()));
            return USAGE;
        }
        EngineLog.write(err, options.logLevel(), options.logFormat());
        return serve(options, environment, err);
    }

    /**
     * Sets what {@code ps} and {@code top} call this process, where that can be set (proc_pid_comm(5)): else it is
     * java.
     */
    private static void nameProcess() {
        try {
            Files.writeString(Path.of("/proc/self/comm"), "spangard-engine", StandardOpenOption.WRITE);
        } catch (IOException e) {
            // Not Linux.
        }
    }

    /** Prints what the file that OTEL_CONFIG_FILE names says, in variables, as JSON for the launcher. */
    private static int configuration(Map<String, String> environment, PrintStream out, PrintStream err) {
        List<String> warnings = new ArrayList<>();
        try {
            Map<String, String> variables = ConfigurationFile.read(
                    environment.getOrDefault(ConfigurationFile.VARIABLE, ""), environment, warnings::add);
            var json = new Json().object().key("variables").object();
            variables.forEach((name, value) -> json.key(name).value(value));
            json.endObject().key("warnings").array();
            warnings.forEach(line -> json.element().value(line));
            out.println(json.endArray().endObject());
            return OK;
        } catch (ConfigurationException e) {
            err.println("spangard: " + Printable.of(e.getMessage()));
            return START_FAILED;
        }
    }

    private static int serve(EngineOptions options, Map<String, String> environment, PrintStream err) {
        var stop = new CountDownLatch(1);
        var ended = new CountDownLatch(1);
        var code = new AtomicInteger(START_FAILED);
        // Before the start: who is told to end while it starts ends in order too.
        var end = new Thread(() -> end(stop, ended, code, err), "spangard-end");
        Runtime.getRuntime().addShutdownHook(end);
        try (Engine engine = Engine.start(options, environment, stop)) {
            engine.awaitStop();
            code.set(OK);
        } catch (EngineRunningException e) {
            err.println("spangard: " + e.getMessage() + "; --replace takes its place");
            code.set(ANOTHER_SERVES);
        } catch (TakeOver.FailedException e) {
            err.println("spangard: " + e.getMessage());
        } catch (IOException | UncheckedIOException e) {
            err.println("spangard: the engine cannot start at "
                    + Printable.of(options.socket() + ": " + StartFailure.of(e)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        EngineLog.end();
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(end);
        } catch (IllegalStateException e) {
            // The JVM is shutting down: the hook ends it.
        }
        return code.get();
    }

    /** Lets the main thread close the engine, in the JVM's shutdown, and ends with its code, not with the signal's. */
    private static void end(CountDownLatch stop, CountDownLatch ended, AtomicInteger code, PrintStream err) {
        stop.countDown();
        try {
            boolean inTime = ended.await(END_SECONDS, TimeUnit.SECONDS);
            if (!inTime) {
                err.println("spangard: the engine could not end in " + END_SECONDS
                        + " s and is cut short; what it has not exported is counted as lost by the next one");
            }
            Runtime.getRuntime().halt(inTime ? code.get() : START_FAILED);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
