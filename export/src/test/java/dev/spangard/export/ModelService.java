// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.intake.Service;
import dev.spangard.telemetry.SemconvMode;
import dev.spangard.telemetry.SeriesLimit;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.telemetry.TelemetryOptions;
import dev.spangard.telemetry.UpstreamTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.List;

/** A service of a {@link ModelEngine}, as a ServiceSdk of one exporter. */
final class ModelService {
    /** No record of a model's is of this profile. */
    private static final UpstreamTelemetry UPSTREAM = UpstreamTelemetry.create(
            OpenTelemetry.noop(),
            TracerProvider.noop(),
            SemconvMode.OLD,
            false,
            TelemetryOptions.DEFAULTS,
            SeriesLimit.NONE);

    final String key;
    final Service service;
    final SpanQueue<EncodedSpan> queue;
    final Watched watched;
    int recorders;
    long unusedSinceNanos;

    ModelService(String key, ServiceAccounts accounts, ModelEngine engine) {
        Spool spool = engine.spool;
        this.key = key;
        watched = new Watched(new ExporterAccounts(accounts));
        var target = new OtlpOutlet("there", engine.collector.sender());
        if (spool == null) {
            queue = new SpanQueue<>(key, engine.agenda(), target, engine.options, engine.memory, watched);
        } else {
            Digest digest = Digest.of(key);
            SpoolFolder folder = spool.folder(digest, Digest.of("there"));
            SpoolOutlet outlet = new ServiceSpool(spool, digest, engine.books)
                    .outlet(key, engine.agenda(), folder, target, engine.options, watched.books);
            queue = new SpanQueue<>(
                    key,
                    engine.agenda(),
                    watched.of(outlet),
                    engine.options.trying(SpoolOutlet.FOR_ROOM),
                    engine.memory,
                    watched);
        }
        SdkTracerProvider tracers = SdkTracerProvider.builder()
                .setIdGenerator(engine.ids)
                .setSampler(Sampler.alwaysOn())
                .addSpanProcessor(engine.new Defects())
                .addSpanProcessor(queue)
                .build();
        var otel = OpenTelemetrySdk.builder().setTracerProvider(tracers).build();
        service = new Service(
                Telemetry.create(otel, TelemetryOptions.DEFAULTS),
                UPSTREAM,
                accounts,
                Resource.empty(),
                queue::addApiSpan);
    }

    /** Counts, besides what the books do, how many requests are at the exporter. */
    static final class Watched implements ExportOutcomeListener {
        final ExporterAccounts books;
        long away;
        /** Requests that were given up without an answer. */
        long unconfirmed;

        Watched(ExporterAccounts books) {
            this.books = books;
        }

        @Override
        public void starts(int spans, Counts counts) {
            away += counts.requests();
            books.starts(spans, counts);
        }

        @Override
        public void ended(int spans, Counts counts, ExportOutcome outcome, int rejected) {
            away -= counts.requests();
            unconfirmed += outcome == ExportOutcome.UNCONFIRMED ? counts.requests() : 0;
            books.ended(spans, counts, outcome, rejected);
        }

        @Override
        public void kept(int spans, Counts counts) {
            books.kept(spans, counts);
        }

        /** The spans are in the spool before the queue hears of it. */
        SpanOutlet<EncodedSpan> of(SpoolOutlet outlet) {
            return new SpanOutlet<>() {
                @Override
                public EncodedSpan prepare(SpanData span) {
                    return outlet.prepare(span);
                }

                @Override
                public int bytes(EncodedSpan waiting) {
                    return outlet.bytes(waiting);
                }

                @Override
                public Handed export(List<EncodedSpan> batch, Counts counts) {
                    Handed handed = outlet.export(batch, counts);
                    if (handed.kept()) {
                        away -= counts.requests();
                    }
                    return handed;
                }

                @Override
                public String exported() {
                    return outlet.exported();
                }

                @Override
                public CompletableResultCode shutdown(long byNanoTime) {
                    return outlet.shutdown(byNanoTime);
                }
            };
        }

        @Override
        public void lost(int spans, Counts counts, ExportOutcome outcome) {
            books.lost(spans, counts, outcome);
        }
    }
}
