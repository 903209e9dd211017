// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.export.ExportOutcome;
import dev.spangard.export.ExporterPipe;
import dev.spangard.export.ServiceBooks;
import dev.spangard.export.Spool;
import dev.spangard.export.SpoolFolder;
import dev.spangard.intake.IntakeCounters;
import dev.spangard.intake.RejectReason;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Makes the metrics of the engine itself, all under {@code spangard_}: docs/configuration.md has the list. */
final class EngineMetrics {
    private EngineMetrics() {}

    static MetricSnapshots collect(
            String version,
            int recorders,
            IntakeCounters intake,
            List<ServiceBooks.NamedBalance> balances,
            List<ServiceSdk> sdks,
            @Nullable Spool spool) {
        var families = MetricSnapshots.builder()
                .metricSnapshot(InfoSnapshot.builder()
                        .name("spangard_engine")
                        .help("The engine that answers")
                        .dataPoint(InfoSnapshot.InfoDataPointSnapshot.builder()
                                .labels(Labels.of("version", version))
                                .build())
                        .build())
                .metricSnapshot(GaugeSnapshot.builder()
                        .name("spangard_recorders")
                        .help("Application processes connected now")
                        .dataPoint(new GaugeDataPointSnapshot(recorders, Labels.EMPTY, null))
                        .build())
                .metricSnapshot(connections(intake))
                .metricSnapshot(counter(
                        "spangard_malformed_records",
                        "Records left out of batches that were otherwise read",
                        intake.malformedRecords()))
                .metricSnapshot(counter(
                        "spangard_lost_event_parts",
                        "Parts of long requests that were missing when the request ended",
                        intake.lostEventParts()))
                .metricSnapshot(exporterSpans(sdks))
                .metricSnapshot(queued(sdks));
        BookMetrics.ofRequests(balances).forEach(families::metricSnapshot);
        BookMetrics.ofSpans(balances).forEach(families::metricSnapshot);
        if (spool != null) {
            families.metricSnapshot(GaugeSnapshot.builder()
                            .name("spangard_spool_limit_bytes")
                            .help("What all files of the spool may hold")
                            .dataPoint(gaugePoint(spool.limit(), Labels.EMPTY))
                            .build())
                    .metricSnapshot(spooled("spans", "Spans on disk", sdks, spool, SpoolFolder::spans))
                    .metricSnapshot(spooled("size_bytes", "Files of the spool", sdks, spool, SpoolFolder::bytes))
                    .metricSnapshot(corrupt(sdks, spool));
        }
        return families.build();
    }

    /** Makes a gauge of each exporter's part of the spool; without labels it is of services that are not here. */
    private static GaugeSnapshot spooled(
            String name, String help, List<ServiceSdk> sdks, Spool spool, ToLongFunction<SpoolFolder> value) {
        var gauge = GaugeSnapshot.builder().name("spangard_spool_" + name).help(help);
        folders(sdks).forEach((labels, folder) -> gauge.dataPoint(gaugePoint(value.applyAsLong(folder), labels)));
        long others = spool.orphans().stream().mapToLong(value).sum();
        return gauge.dataPoint(gaugePoint(others, Labels.EMPTY)).build();
    }

    private static CounterSnapshot corrupt(List<ServiceSdk> sdks, Spool spool) {
        var counter = CounterSnapshot.builder()
                .name("spangard_spool_damages")
                .help("Places where a file of the spool was damaged: what was behind them in it is lost");
        folders(sdks).forEach((labels, folder) -> counter.dataPoint(point(folder.corrupt(), labels)));
        long others = spool.orphans().stream().mapToLong(SpoolFolder::corrupt).sum();
        return counter.dataPoint(point(others, Labels.EMPTY)).build();
    }

    private static Map<Labels, SpoolFolder> folders(List<ServiceSdk> sdks) {
        Map<Labels, SpoolFolder> folders = new LinkedHashMap<>();
        for (ServiceSdk sdk : sdks) {
            for (ExporterPipe pipe : sdk.pipes()) {
                SpoolFolder folder = pipe.spool();
                if (folder != null) {
                    folders.put(sdk.name().labels().add("exporter", pipe.exporter()), folder);
                }
            }
        }
        return folders;
    }

    private static CounterSnapshot connections(IntakeCounters intake) {
        var counter = CounterSnapshot.builder()
                .name("spangard_connections")
                .help("Connections to the engine's socket, by what became of them")
                .dataPoint(point(intake.accepted(), Labels.of("outcome", "accepted")))
                .dataPoint(point(intake.throttled(), Labels.of("outcome", "throttled")))
                .dataPoint(point(intake.vanished(), Labels.of("outcome", "vanished")));
        for (RejectReason why : RejectReason.values()) {
            counter.dataPoint(point(intake.turned(why), Labels.of("outcome", why.outcome(), "reason", why.reason())));
        }
        return counter.build();
    }

    private static CounterSnapshot exporterSpans(List<ServiceSdk> sdks) {
        var counter = CounterSnapshot.builder()
                .name("spangard_exporter_spans")
                .help("Spans given to each exporter, by what became of them");
        for (ServiceSdk sdk : sdks) {
            for (ExporterPipe pipe : sdk.pipes()) {
                Labels labels = sdk.name().labels().add("exporter", pipe.exporter());
                for (ExportOutcome outcome : ExportOutcome.values()) {
                    counter.dataPoint(point(pipe.books().spans(outcome), labels.add("outcome", outcome.label())));
                }
            }
        }
        return counter.build();
    }

    private static GaugeSnapshot queued(List<ServiceSdk> sdks) {
        var gauge = GaugeSnapshot.builder().name("spangard_queued_spans").help("Spans waiting for their exporter");
        for (ServiceSdk sdk : sdks) {
            for (ExporterPipe pipe : sdk.pipes()) {
                gauge.dataPoint(
                        gaugePoint(pipe.queue().queued(), sdk.name().labels().add("exporter", pipe.exporter())));
            }
        }
        return gauge.build();
    }

    private static CounterSnapshot counter(String name, String help, long value) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(point(value, Labels.EMPTY))
                .build();
    }

    static GaugeDataPointSnapshot gaugePoint(long value, Labels labels) {
        return new GaugeDataPointSnapshot(value, labels, null);
    }

    static CounterDataPointSnapshot point(long value, Labels labels) {
        return new CounterDataPointSnapshot(value, labels, null, 0);
    }
}
