// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Balance;
import dev.spangard.books.DropReason;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The books of one signal of a service, as metrics: counters that begin with {@code start}, and what is queued.
 *
 * @param start of the counters
 */
record SignalMeasurements(
        Balance start,
        ObservableLongMeasurement seen,
        ObservableLongMeasurement received,
        ObservableLongMeasurement exported,
        ObservableLongMeasurement dropped,
        ObservableLongMeasurement inherited,
        ObservableLongMeasurement queued) {
    private static final AttributeKey<String> REASON = AttributeKey.stringKey("spangard.reason");
    private static final AttributeKey<String> PLACE = AttributeKey.stringKey("spangard.place");
    /** The attributes of each reason, made once: nothing but numbers changes from one collection to the next. */
    private static final Map<DropReason, Attributes> REASONS = Stream.of(DropReason.values())
            .collect(Collectors.toUnmodifiableMap(
                    Function.identity(), reason -> Attributes.of(REASON, reason.attributeValue())));

    private static final Attributes AT_RECORDERS = Attributes.of(PLACE, "recorder");
    private static final Attributes IN_ENGINE = Attributes.of(PLACE, "engine");

    static SignalMeasurements ofRequests(Meter meter, Balance start) {
        return new SignalMeasurements(
                start,
                counter(meter, "spangard.requests.seen", "{request}", "Requests that the application finished"),
                counter(meter, "spangard.requests.received", "{request}", "Of these: read by the engine"),
                counter(meter, "spangard.requests.exported", "{request}", "Requests whose span was delivered"),
                counter(
                        meter,
                        "spangard.requests.dropped",
                        "{request}",
                        "Requests that became neither an exported span nor a measurement, by reason"),
                counter(
                        meter,
                        "spangard.requests.inherited",
                        "{request}",
                        "Requests that were queued when these counters began"),
                gauge(
                        meter,
                        "spangard.requests.queued",
                        "{request}",
                        "Requests that nothing has become of yet, by place"));
    }

    static SignalMeasurements ofSpans(Meter meter, Balance start) {
        return new SignalMeasurements(
                start,
                counter(meter, "spangard.spans.seen", "{span}", "Spans that the application made and ended"),
                counter(meter, "spangard.spans.received", "{span}", "Of these: read by the engine"),
                counter(meter, "spangard.spans.exported", "{span}", "Of these: delivered"),
                counter(meter, "spangard.spans.dropped", "{span}", "Of these: lost, by reason"),
                counter(
                        meter,
                        "spangard.spans.inherited",
                        "{span}",
                        "Spans of the application's own that were queued when these counters began"),
                gauge(
                        meter,
                        "spangard.spans.queued",
                        "{span}",
                        "Spans of the application's own that nothing has become of yet, by place"));
    }

    /** All instruments, which are recorded together. */
    Stream<ObservableLongMeasurement> all() {
        return Stream.of(seen, received, exported, dropped, inherited, queued);
    }

    void record(Balance now) {
        seen.record(now.seen() - start.seen());
        received.record(now.received() - start.received());
        exported.record(now.exported() - start.exported());
        REASONS.forEach(
                (reason, attributes) -> dropped.record(now.dropped(reason) - start.dropped(reason), attributes));
        inherited.record(start.queuedAtRecorders() + start.queuedInEngine());
        queued.record(now.queuedAtRecorders(), AT_RECORDERS);
        queued.record(now.queuedInEngine(), IN_ENGINE);
    }

    static ObservableLongMeasurement counter(Meter meter, String name, String unit, String description) {
        return meter.counterBuilder(name)
                .setUnit(unit)
                .setDescription(description)
                .buildObserver();
    }

    static ObservableLongMeasurement gauge(Meter meter, String name, String unit, String description) {
        return meter.gaugeBuilder(name)
                .ofLongs()
                .setUnit(unit)
                .setDescription(description)
                .buildObserver();
    }
}
