// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Balance;
import dev.spangard.books.DropReason;
import dev.spangard.export.ServiceBooks;
import dev.spangard.export.ServiceName;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** Makes the metrics of the books of all services, of requests and of their applications' own spans. */
final class BookMetrics {
    private static final String REQUESTS = "spangard_requests";
    private static final String SPANS = "spangard_spans";

    private BookMetrics() {}

    /** The books of one service; without labels, of services that are forgotten. */
    private record Books(Labels service, Balance balance) {
        static Books of(ServiceBooks.NamedBalance named, Function<ServiceBooks.NamedBalance, Balance> signal) {
            ServiceName name = named.name();
            return new Books(name == null ? Labels.EMPTY : name.labels(), signal.apply(named));
        }
    }

    static List<MetricSnapshot> ofRequests(List<ServiceBooks.NamedBalance> balances) {
        List<Books> books = balances.stream()
                .map(named -> Books.of(named, ServiceBooks.NamedBalance::requests))
                .toList();
        return List.of(
                perService(REQUESTS + "_seen", "Requests that applications finished", books, Balance::seen),
                perService(REQUESTS + "_received", "Requests the engine has read", books, Balance::received),
                perService(
                        REQUESTS + "_measured", "Unsampled requests, complete once measured", books, Balance::measured),
                perService(REQUESTS + "_exported", "Requests whose span was delivered", books, Balance::exported),
                dropped(REQUESTS, "Requests that became neither an exported span nor a measurement, by reason", books),
                queued(REQUESTS, "Requests that nothing has become of yet, by place", books));
    }

    /** Of services whose applications have made spans of their own; no family without one. */
    static List<MetricSnapshot> ofSpans(List<ServiceBooks.NamedBalance> balances) {
        List<Books> books = balances.stream()
                .map(named -> Books.of(named, ServiceBooks.NamedBalance::spans))
                .filter(row -> row.balance.seen() > 0)
                .toList();
        if (books.isEmpty()) {
            return List.of();
        }
        return List.of(
                perService(SPANS + "_seen", "Spans that applications made and ended", books, Balance::seen),
                perService(SPANS + "_received", "Of these: read by the engine", books, Balance::received),
                perService(SPANS + "_exported", "Of these: delivered", books, Balance::exported),
                dropped(SPANS, "Of these: lost, by reason", books),
                queued(SPANS, "Of these: nothing has become of them yet, by place", books));
    }

    private static CounterSnapshot perService(
            String name, String help, List<Books> books, ToLongFunction<Balance> value) {
        var counter = CounterSnapshot.builder().name(name).help(help);
        for (Books row : books) {
            counter.dataPoint(EngineMetrics.point(value.applyAsLong(row.balance()), row.service()));
        }
        return counter.build();
    }

    private static CounterSnapshot dropped(String signal, String help, List<Books> books) {
        var counter = CounterSnapshot.builder().name(signal + "_dropped").help(help);
        for (Books row : books) {
            for (DropReason reason : DropReason.values()) {
                counter.dataPoint(EngineMetrics.point(
                        row.balance().dropped(reason), row.service().add("reason", reason.attributeValue())));
            }
        }
        return counter.build();
    }

    private static GaugeSnapshot queued(String signal, String help, List<Books> books) {
        var gauge = GaugeSnapshot.builder().name(signal + "_queued").help(help);
        for (Books row : books) {
            gauge.dataPoint(EngineMetrics.gaugePoint(
                            row.balance().queuedAtRecorders(), row.service().add("place", "recorder")))
                    .dataPoint(EngineMetrics.gaugePoint(
                            row.balance().queuedInEngine(), row.service().add("place", "engine")));
        }
        return gauge.build();
    }
}
