// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Balance;
import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.ExportOutcome;
import dev.spangard.export.ExporterPipe;
import dev.spangard.export.SpoolFolder;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Measures one service's books as its own metrics, so that they go where its telemetry goes: docs/telemetry.md has the
 * list. All points of one export are of one instant. Where all services are scraped together {@link EngineMetrics} has
 * the same.
 *
 * <p>Counters begin with the service's SDK, whose start is the series' start; what was queued then is {@code
 * spangard.requests.inherited}.
 */
final class ServiceMetrics {
    /** The beginnings of the names that {@link EngineMetrics} has already, as Prometheus names them. */
    private static final List<String> SAID_BY_ENGINE =
            List.of("spangard_requests_", "spangard_exporter_spans", "spangard_queued_spans", "spangard_spool_");

    private static final AttributeKey<String> REASON = AttributeKey.stringKey("spangard.reason");
    private static final AttributeKey<String> PLACE = AttributeKey.stringKey("spangard.place");
    private static final AttributeKey<String> EXPORTER = AttributeKey.stringKey("spangard.exporter");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("spangard.outcome");
    /** The attributes of each reason, made once: nothing but numbers changes from one collection to the next. */
    private static final Map<DropReason, Attributes> REASONS = Stream.of(DropReason.values())
            .collect(Collectors.toUnmodifiableMap(
                    Function.identity(), reason -> Attributes.of(REASON, reason.attributeValue())));

    private static final Attributes AT_RECORDERS = Attributes.of(PLACE, "recorder");
    private static final Attributes IN_ENGINE = Attributes.of(PLACE, "engine");

    private final ServiceAccounts accounts;
    private final List<ExporterPipe> pipes;
    private final Balance start;

    private final ObservableLongMeasurement seen;
    private final ObservableLongMeasurement received;
    private final ObservableLongMeasurement measured;
    private final ObservableLongMeasurement exported;
    private final ObservableLongMeasurement dropped;
    private final ObservableLongMeasurement inherited;
    private final ObservableLongMeasurement queued;
    private final ObservableLongMeasurement exporterSpans;
    private final ObservableLongMeasurement queuedSpans;
    private final ObservableLongMeasurement spoolSpans;
    private final ObservableLongMeasurement spoolSize;
    private final ObservableLongMeasurement spoolDamages;

    private ServiceMetrics(Meter meter, ServiceAccounts accounts, Balance start, List<ExporterPipe> pipes) {
        this.accounts = accounts;
        this.start = start;
        this.pipes = pipes;
        seen = counter(meter, "spangard.requests.seen", "{request}", "Requests that the application finished");
        received = counter(meter, "spangard.requests.received", "{request}", "Of these: read by the engine");
        measured =
                counter(meter, "spangard.requests.measured", "{request}", "Unsampled requests, complete once measured");
        exported = counter(meter, "spangard.requests.exported", "{request}", "Requests whose span was delivered");
        dropped = counter(
                meter,
                "spangard.requests.dropped",
                "{request}",
                "Requests that became neither an exported span nor a measurement, by reason");
        inherited = counter(
                meter,
                "spangard.requests.inherited",
                "{request}",
                "Requests that were queued when these counters began");
        queued = gauge(
                meter, "spangard.requests.queued", "{request}", "Requests that nothing has become of yet, by place");
        exporterSpans = counter(
                meter, "spangard.exporter.spans", "{span}", "Spans given to each exporter, by what became of them");
        queuedSpans = gauge(meter, "spangard.queued.spans", "{span}", "Spans waiting for their exporter");
        spoolSpans = gauge(meter, "spangard.spool.spans", "{span}", "Spans on disk");
        spoolSize = gauge(meter, "spangard.spool.size", "By", "Files of the spool");
        spoolDamages = counter(
                meter,
                "spangard.spool.damages",
                "{damage}",
                "Places where a file of the spool was damaged: what was behind them in it is lost");
        meter.batchCallback(
                this::record,
                seen,
                received,
                measured,
                exported,
                dropped,
                inherited,
                queued,
                exporterSpans,
                queuedSpans,
                spoolSpans,
                spoolSize,
                spoolDamages);
    }

    /**
     * Has the books measured from now on by each collection of the meter's provider.
     *
     * @param start of the counters
     */
    static void register(Meter meter, ServiceAccounts accounts, Balance start, List<ExporterPipe> pipes) {
        new ServiceMetrics(meter, accounts, start, pipes);
    }

    /** Whether a family of a service's own metrics is in {@link EngineMetrics} too. */
    static boolean isSaidByEngine(MetricSnapshot family) {
        String name = family.getMetadata().getPrometheusName();
        return SAID_BY_ENGINE.stream().anyMatch(name::startsWith);
    }

    private void record() {
        Balance now = accounts.balance();
        seen.record(now.seen() - start.seen());
        received.record(now.received() - start.received());
        measured.record(now.measured() - start.measured());
        exported.record(now.exported() - start.exported());
        REASONS.forEach(
                (reason, attributes) -> dropped.record(now.dropped(reason) - start.dropped(reason), attributes));
        inherited.record(start.queuedAtRecorders() + start.queuedInEngine());
        queued.record(now.queuedAtRecorders(), AT_RECORDERS);
        queued.record(now.queuedInEngine(), IN_ENGINE);
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

    private static ObservableLongMeasurement counter(Meter meter, String name, String unit, String description) {
        return meter.counterBuilder(name)
                .setUnit(unit)
                .setDescription(description)
                .buildObserver();
    }

    private static ObservableLongMeasurement gauge(Meter meter, String name, String unit, String description) {
        return meter.gaugeBuilder(name)
                .ofLongs()
                .setUnit(unit)
                .setDescription(description)
                .buildObserver();
    }
}
