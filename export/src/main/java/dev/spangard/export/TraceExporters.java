// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import dev.spangard.settings.Signal;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds which exporters {@code OTEL_TRACES_EXPORTER} names, or what its absence means. Any thread may call it. */
public final class TraceExporters {
    private static final String VARIABLE = "OTEL_TRACES_EXPORTER";
    private static final Set<String> WITHOUT_COLLECTOR = Set.of("none", "console", "compact");
    /** How long a span waits to be printed: a person watches, to whom it shows while it is still of interest. */
    private static final Duration CONSOLE_DELAY = Duration.ofMillis(100);

    private TraceExporters() {}

    /**
     * An outlet and the limits of its queue.
     *
     * @param name its name in the variable
     * @param queue the limits of its queue
     * @param otlp where it sends to; null if it does not
     */
    public record Output(
            String name,
            SpanOutlet<?> outlet,
            BatchQueueOptions queue,
            @Nullable OtlpSettings otlp) {}

    /**
     * Makes the outlets of a service.
     *
     * @param applicationOutput the application's standard output; null if it cannot be written to
     * @param undo ends them, if what they are for does not come to be
     * @throws ConfigurationException with one line for the user if the variable names what there is not, or settings of
     *     an exporter cannot be used
     */
    public static List<Output> read(Settings settings, @Nullable ApplicationOutput applicationOutput, Rollback undo)
            throws ConfigurationException {
        BatchQueueOptions queue = BatchQueueOptions.ofSpans(settings);
        List<Output> outputs = new ArrayList<>();
        for (String name : names(settings, applicationOutput)) {
            OtlpSettings otlp = OtlpSettings.ofExporter(settings, Signal.TRACES, name);
            if (otlp != null) {
                OtlpOutlet outlet = OtlpExporters.spans(otlp);
                undo.add(() -> outlet.shutdown(System.nanoTime()));
                outputs.add(new Output(name, outlet, queue, otlp));
                continue;
            }
            switch (name) {
                case "none" -> {}
                case "console", "compact" -> {
                    if (applicationOutput == null) {
                        settings.warn(VARIABLE + "=" + name + ": the application has no standard output to print to");
                    } else {
                        outputs.add(new Output(name, printing(name, applicationOutput), prompt(queue, settings), null));
                    }
                }
                default -> throw unsupported(name);
            }
        }
        return outputs;
    }

    /**
     * Where spans go by OTLP; null if they do not.
     *
     * @throws ConfigurationException as {@link #read}
     */
    public static @Nullable OtlpSettings collector(Settings settings) throws ConfigurationException {
        OtlpSettings collector = null;
        for (String name : names(settings, null)) {
            OtlpSettings otlp = OtlpSettings.ofExporter(settings, Signal.TRACES, name);
            if (otlp != null) {
                collector = otlp;
            } else if (!WITHOUT_COLLECTOR.contains(name)) {
                throw unsupported(name);
            }
        }
        return collector;
    }

    private static ConfigurationException unsupported(String name) {
        return switch (name) {
            case "zipkin", "jaeger", "zipkin_json", "zipkin_proto", "jaeger_thrift", "jaeger_proto" ->
                new ConfigurationException(VARIABLE + "=" + name
                        + ": OpenTelemetry has dropped this exporter; Zipkin and Jaeger take otlp");
            default ->
                new ConfigurationException(VARIABLE + "=" + Settings.shortened(name)
                        + " is not supported: it can be otlp, console, compact, none, or several of them");
        };
    }

    private static Set<String> names(Settings settings, @Nullable ApplicationOutput applicationOutput) {
        List<String> named = settings.list(VARIABLE);
        if (named != null) {
            return new LinkedHashSet<>(named);
        }
        if (OtlpSettings.hasEndpoint(settings, Signal.TRACES)) {
            return Set.of("otlp");
        }
        return applicationOutput != null && applicationOutput.tty() ? Set.of("compact") : Set.of();
    }

    private static SpanOutlet<?> printing(String name, ApplicationOutput applicationOutput) {
        SpanExporter exporter = name.equals("compact")
                ? new CompactSpanExporter(applicationOutput, ZoneId.systemDefault())
                : new ConsoleSpanExporter(applicationOutput);
        return new PrintedOutlet(exporter);
    }

    private static BatchQueueOptions prompt(BatchQueueOptions queue, Settings settings) {
        return settings.text("OTEL_BSP_SCHEDULE_DELAY") != null
                ? queue
                : new BatchQueueOptions(
                        queue.capacity(),
                        queue.batch(),
                        CONSOLE_DELAY,
                        queue.exportTimeout(),
                        queue.shutdownTimeout(),
                        queue.retry());
    }
}
