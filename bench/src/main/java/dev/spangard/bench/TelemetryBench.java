// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Statistics;

/**
 * What a request through the Java middleware costs: {@code ./dev bench telemetry}. Arguments are JMH's and win over ours;
 * {@code --no-report} first writes no page.
 */
public final class TelemetryBench {
    private static final double MUST_NANOS = 1_500;
    private static final double MUST_BYTES = 1_536;
    private static final double MUST_SAMPLED_OUT_NANOS = 500;

    private TelemetryBench() {}

    /** Measures, prints, and writes docs/benchmarks/DATE-telemetry.md. */
    public static void main(String[] args) throws RunnerException, CommandLineOptionException, IOException {
        boolean report = args.length == 0 || !args[0].equals("--no-report");
        String[] forJmh = report ? args : Arrays.copyOfRange(args, 1, args.length);
        var options = new OptionsBuilder()
                .parent(new CommandLineOptions(forJmh))
                .include(MiddlewareBenchmark.class.getSimpleName())
                .addProfiler(GCProfiler.class)
                .addProfiler(ThreadCpuProfiler.class);
        var given = new CommandLineOptions(forJmh);
        if (!given.getForkCount().hasValue()) {
            options.forks(2);
        }
        if (!given.getWarmupIterations().hasValue()) {
            options.warmupIterations(5).warmupTime(TimeValue.seconds(2));
        }
        if (!given.getMeasurementIterations().hasValue()) {
            options.measurementIterations(5).measurementTime(TimeValue.seconds(2));
        }
        if (!given.getJvmArgs().hasValue()) {
            options.jvmArgs("-XX:+UseSerialGC", "-Xmx256m");
        }
        Collection<RunResult> results = new Runner(options.build()).run();
        String page = page(results, String.join(" ", args));
        System.out.println(page);
        if (report) {
            Path file = Path.of("docs/benchmarks", LocalDate.now(ZoneOffset.UTC) + "-telemetry.md");
            Files.writeString(file, page);
            System.out.println("Written to " + file);
        }
    }

    private static String page(Collection<RunResult> results, String arguments) {
        StringBuilder out = new StringBuilder();
        out.append("# Java middleware, ").append(LocalDate.now(ZoneOffset.UTC)).append("\n\n");
        out.append(
                "`OpenTelemetryMiddleware` over an application that answers at once (start and one body), `stable` profile,\n");
        out.append(
                "8 request headers, no server. Spans go to a processor that takes them and does nothing; metrics are\n");
        out.append(
                "aggregated, cumulative, and never collected. JMH, one thread: its CPU time, for the machine is not ours alone,\n");
        out.append("and the time of day.\n\n");
        out.append(
                "| request | ns CPU, mean | least … most of an iteration | ns of the day, mean | bytes allocated |\n");
        out.append("|---|---|---|---|---|\n");
        for (RunResult result : results) {
            Statistics cpu = cpu(result);
            out.append(String.format(
                    Locale.ROOT,
                    "| %s | %,.0f | %,.0f … %,.0f | %,.0f | %,.0f |%n",
                    title(result),
                    cpu.getMean(),
                    cpu.getMin(),
                    cpu.getMax(),
                    result.getPrimaryResult().getScore(),
                    bytes(result)));
        }
        RunResult sampled = result(results, "sampled");
        RunResult sampledOut = result(results, "sampledOut");
        out.append("\n| number to hold | measured | must |\n|---|---|---|\n");
        row(out, "span and metrics, ns CPU", cpu(sampled).getMean(), MUST_NANOS);
        row(out, "span and metrics, bytes", bytes(sampled), MUST_BYTES);
        row(out, "sampled out, ns CPU", cpu(sampledOut).getMean(), MUST_SAMPLED_OUT_NANOS);
        out.append("\nMachine: ").append(Machine.cpu()).append(", ");
        out.append(Runtime.getRuntime().availableProcessors()).append(" processors, ");
        out.append(System.getProperty("os.name")).append(' ').append(System.getProperty("os.version"));
        RunResult any = results.iterator().next();
        out.append(". Java ").append(any.getParams().getJdkVersion()).append(", ");
        out.append(String.join(" ", any.getParams().getJvmArgs()));
        out.append("; JMH ").append(any.getParams().getJmhVersion()).append(", ");
        out.append(any.getParams().getForks()).append(" forks of ");
        out.append(any.getParams().getMeasurement().getCount()).append(" iterations of ");
        out.append(any.getParams().getMeasurement().getTime()).append(".\nCommand: `./dev bench telemetry");
        out.append(arguments.isEmpty() ? "" : " ").append(arguments).append("`\n");
        return out.toString();
    }

    private static void row(StringBuilder out, String what, double measured, double must) {
        out.append(String.format(
                Locale.ROOT, "| %s | %,.0f | ≤ %,.0f %s |%n", what, measured, must, measured <= must ? "✓" : "✗"));
    }

    private static Statistics cpu(RunResult result) {
        return secondary(result, ThreadCpuProfiler.LABEL).getStatistics();
    }

    private static double bytes(RunResult result) {
        return secondary(result, "gc.alloc.rate.norm").getScore();
    }

    private static Result<?> secondary(RunResult result, String label) {
        Result<?> found = result.getSecondaryResults().get(label);
        if (found == null) {
            throw new IllegalStateException("no " + label + " of " + title(result));
        }
        return found;
    }

    private static RunResult result(Collection<RunResult> results, String name) {
        return results.stream()
                .filter(result -> result.getPrimaryResult().getLabel().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no result of " + name));
    }

    private static String title(RunResult result) {
        return switch (result.getPrimaryResult().getLabel()) {
            case "bare" -> "the application alone";
            case "sampled" -> "span and metrics";
            case "sampledOut" -> "sampled out, metrics";
            default -> result.getPrimaryResult().getLabel();
        };
    }
}
