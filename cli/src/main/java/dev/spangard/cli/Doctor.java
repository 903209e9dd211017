// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.export.LogExporters;
import dev.spangard.export.MetricReaders;
import dev.spangard.export.TraceExporters;
import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Printable;
import dev.spangard.settings.Settings;
import dev.spangard.settings.Signal;
import dev.spangard.settings.Variables;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The engine's part of {@code spangard doctor}: what the application's variables come to, and whether its collector
 * takes an export. The launcher adds what is to be seen in Python, and prints both.
 *
 * <p>It prints lines of fields with tabs between: {@code ok}, {@code warn} or {@code fail}, what was found, what to do;
 * or {@code set}, a variable, its value, where that is from.
 */
final class Doctor {
    private final Map<String, String> environment;
    private final Map<String, String> origins = new HashMap<>();
    private final PrintStream out;
    private final Set<String> faults = new HashSet<>();
    private boolean healthy = true;

    /**
     * Makes the examination of an application's variables.
     *
     * @param environment the application's, with what its configuration file and the command's flags say
     * @param origins {@code NAME=flag} or {@code NAME=file} for what is not from the environment
     * @param out takes the lines
     */
    Doctor(Map<String, String> environment, List<String> origins, PrintStream out) {
        this.environment = environment;
        this.out = out;
        for (String origin : origins) {
            int equals = origin.indexOf('=');
            if (equals > 0) {
                this.origins.put(origin.substring(0, equals), origin.substring(equals + 1));
            }
        }
    }

    /**
     * Examines and prints, which takes about as long as the slowest collector.
     *
     * @return false if something is wrong that loses telemetry
     */
    boolean examine() {
        LogManager.getLogManager()
                .getLogger("")
                .setLevel(Level.OFF); // the exporters' own words about what is told here
        List<String> warnings = new ArrayList<>();
        var settings = new Settings(environment, warnings::add);
        Map<String, String> rows = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (Variables.isKnown(name) && !value.isBlank()) {
                rows.put(name, Variables.shown(name, value) + "\t" + origins.getOrDefault(name, "environment"));
            }
        });
        rows.putIfAbsent("OTEL_SERVICE_NAME", "unknown_service:<command>\tdefault");
        rows.putIfAbsent("OTEL_TRACES_SAMPLER", "parentbased_always_on\tdefault");
        rows.putIfAbsent("OTEL_PROPAGATORS", "tracecontext,baggage\tdefault");
        rows.putIfAbsent("OTEL_TRACES_EXPORTER", otherwise(settings, Signal.TRACES) + "\tdefault");
        rows.putIfAbsent("OTEL_METRICS_EXPORTER", otherwise(settings, Signal.METRICS) + "\tdefault");
        rows.forEach((name, row) -> {
            int tab = row.lastIndexOf('\t');
            print("set", name, row.substring(0, tab), row.substring(tab + 1));
        });

        Map<Signal, CollectorProbe> tries = new LinkedHashMap<>();
        Map<Signal, String> targets = new HashMap<>();
        for (Signal signal : Signal.values()) {
            begin(settings, signal, tries, targets);
        }
        try {
            SdkSettings.check(settings);
        } catch (ConfigurationException e) {
            refusal(e);
        }
        tries.forEach((signal, attempt) -> recordResult(signal, targets.getOrDefault(signal, ""), attempt.fault()));
        if (tries.isEmpty() && healthy) {
            line("ok", "no collector is configured", "OTEL_EXPORTER_OTLP_ENDPOINT names one");
        }
        warnings.stream().distinct().forEach(warning -> line("warn", warning, ""));
        List<String> idle = Variables.withoutEffect(environment);
        if (!idle.isEmpty()) {
            line(
                    "warn",
                    "without effect here: " + String.join(", ", idle),
                    "docs/configuration.md has those that work");
        }
        return healthy;
    }

    /** Returns what the absence of {@code OTEL_…_EXPORTER} means. */
    private static String otherwise(Settings settings, Signal signal) {
        if (OtlpSettings.hasEndpoint(settings, signal)) {
            return "otlp";
        }
        return signal == Signal.TRACES ? "compact on a terminal, else none" : "none; the admin endpoint has them";
    }

    private void begin(
            Settings settings, Signal signal, Map<Signal, CollectorProbe> tries, Map<Signal, String> targets) {
        try {
            OtlpSettings otlp = switch (signal) {
                case TRACES -> TraceExporters.collector(settings);
                case METRICS -> MetricReaders.collector(settings);
                case LOGS -> SdkSettings.exceptions(settings).inLogs() ? LogExporters.collector(settings) : null;
            };
            if (otlp != null) {
                targets.put(signal, otlp.protocol().shown() + " to " + Variables.shown("", otlp.endpoint()));
                tries.put(signal, new CollectorProbe(signal, otlp));
            }
        } catch (ConfigurationException e) {
            refusal(e);
        }
    }

    /** What refuses a recorder is mostly found at each signal. */
    private void refusal(ConfigurationException e) {
        if (faults.add(e.getMessage())) {
            line("fail", e.getMessage(), "nothing is exported like this");
        }
    }

    private void recordResult(Signal signal, String target, CollectorProbe.@Nullable Fault fault) {
        String name = signal.name().toLowerCase(Locale.ROOT) + " by " + target + ": ";
        if (fault == null) {
            line("ok", name + "the collector takes them", "");
        } else {
            line("fail", name + fault.found(), fault.remedy());
        }
    }

    private void line(String grade, String found, String remedy) {
        if (grade.equals("fail")) {
            healthy = false;
        }
        print(grade, found, remedy);
    }

    private void print(String... fields) {
        out.println(Stream.of(fields).map(Printable::of).collect(Collectors.joining("\t")));
    }
}
