// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Balance;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.ExportOutcome;
import dev.spangard.export.ExporterPipe;
import dev.spangard.export.SpoolFolder;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import io.opentelemetry.api.metrics.ObservableMeasurement;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Measures one service's books as its own metrics, so that they go where its telemetry goes: docs/telemetry.md has the
 * list. All points of one export are of one instant. Where all services are scraped together {@link EngineMetrics} has
 * the same.
 *
 * <p>Counters begin with the service's SDK, whose start is the series' start; what was queued then is {@code
 * spangard.requests.inherited}. A service whose applications make no spans of their own has no points of these.
 */
final class ServiceMetrics {
    /** The beginnings of the names that {@link EngineMetrics} has already, as Prometheus names them. */
    private static final List<String> SAID_BY_ENGINE = List.of(
            "spangard_requests_",
            "spangard_spans_",
            "spangard_exporter_spans",
            "spangard_queued_spans",
            "spangard_spool_");

    private static final AttributeKey<String> EXPORTER = AttributeKey.stringKey("spangard.exporter");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("spangard.outcome");
    private final ServiceAccounts accounts;
    private final List<ExporterPipe> pipes;
    private final SignalMeasurements requests;
    private final SignalMeasurements spans;
    private final Balance start;

    private final ObservableLongMeasurement measured;
    private final ObservableLongMeasurement exporterSpans;
    private final ObservableLongMeasurement queuedSpans;
    private final ObservableLongMeasurement spoolSpans;
    private final ObservableLongMeasurement spoolSize;
    private final ObservableLongMeasurement spoolDamages;

    private ServiceMetrics(Meter meter, ServiceAccounts accounts, Start start, List<ExporterPipe> pipes) {
        this.accounts = accounts;
        this.start = start.requests;
        this.pipes = pipes;
        requests = SignalMeasurements.ofRequests(meter, start.requests);
        spans = SignalMeasurements.ofSpans(meter, start.spans);
        measured = SignalMeasurements.counter(
                meter, "spangard.requests.measured", "{request}", "Unsampled requests, complete once measured");
        exporterSpans = SignalMeasurements.counter(
                meter, "spangard.exporter.spans", "{span}", "Spans given to each exporter, by what became of them");
        queuedSpans =
                SignalMeasurements.gauge(meter, "spangard.queued.spans", "{span}", "Spans waiting for their exporter");
        spoolSpans = SignalMeasurements.gauge(meter, "spangard.spool.spans", "{span}", "Spans on disk");
        spoolSize = SignalMeasurements.gauge(meter, "spangard.spool.size", "By", "Files of the spool");
        spoolDamages = SignalMeasurements.counter(
                meter,
                "spangard.spool.damages",
                "{damage}",
                "Places where a file of the spool was damaged: what was behind them in it is lost");
        var others = Stream.of(exporterSpans, queuedSpans, spoolSpans, spoolSize, spoolDamages);
        ObservableMeasurement[] all = Stream.of(requests.all(), spans.all(), others)
                .flatMap(Function.identity())
                .toArray(ObservableMeasurement[]::new);
        meter.batchCallback(this::record, measured, all);
    }

    /**
     * What the counters begin with.
     *
     * @param spans of the applications' own
     */
    record Start(Balance requests, Balance spans) {
        static Start of(ServiceAccounts accounts) {
            return new Start(accounts.balance(), accounts.spans().balance());
        }
    }

    /** Has the books measured from now on by each collection of the meter's provider. */
    static void register(Meter meter, ServiceAccounts accounts, Start start, List<ExporterPipe> pipes) {
        new ServiceMetrics(meter, accounts, start, pipes);
    }

    /** Whether a family of a service's own metrics is in {@link EngineMetrics} too. */
    static boolean isSaidByEngine(MetricSnapshot family) {
        String name = family.getMetadata().getPrometheusName();
        return SAID_BY_ENGINE.stream().anyMatch(name::startsWith);
    }

    private void record() {
        Balance now = accounts.balance();
        requests.record(now);
        measured.record(now.measured() - start.measured());
        Balance ofSpans = accounts.spans().balance();
        if (ofSpans.seen() > 0) {
            spans.record(ofSpans);
        }
        for (ExporterPipe pipe : pipes) {
            Attributes exporter = Attributes.of(EXPORTER, pipe.exporter());
            for (ExportOutcome outcome : ExportOutcome.values()) {
                exporterSpans.record(
                        pipe.books().spans(outcome),
                        exporter.toBuilder().put(OUTCOME, outcome.label()).build());
            }
            queuedSpans.record(pipe.queue().queued(), exporter);
            SpoolFolder spool = pipe.spool();
            if (spool != null) {
                spoolSpans.record(spool.spans(), exporter);
                spoolSize.record(spool.bytes(), exporter);
                spoolDamages.record(spool.corrupt(), exporter);
            }
        }
    }
}
