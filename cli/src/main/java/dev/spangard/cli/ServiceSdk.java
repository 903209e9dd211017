// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.ProcessOutput;
import dev.spangard.export.ApplicationOutput;
import dev.spangard.export.BatchQueueOptions;
import dev.spangard.export.ExporterPipe;
import dev.spangard.export.ScrapedReader;
import dev.spangard.export.ServiceName;
import dev.spangard.export.SpanQueue;
import dev.spangard.intake.Caller;
import dev.spangard.intake.Service;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One service's OpenTelemetry SDK: its spans through a {@link SpanQueue} per exporter, its metrics pushed and scraped.
 * {@link ServiceAssembly} makes it. Thread-safe.
 */
final class ServiceSdk {
    private static final long RELEASE_SECONDS = 2;
    /**
     * The seconds of {@link BatchQueueOptions#SHUTDOWN_TIMEOUT} in which metrics wait for spans that are still being
     * exported.
     */
    private static final long METRICS_WAIT_SECONDS = 3;

    private final ServiceName name;
    private final Service service;
    private final List<ExporterPipe> pipes;
    private final Providers providers;
    private final Scraping scraping;
    private final @Nullable ApplicationOutput applicationOutput;

    /**
     * The SDK's providers.
     *
     * @param loggers null if nothing is recorded as a log record
     */
    record Providers(
            SdkTracerProvider tracers,
            SdkMeterProvider meters,
            @Nullable SdkLoggerProvider loggers) {}

    /**
     * The part of the SDK that is scraped.
     *
     * @param reader collects when asked
     */
    record Scraping(
            ServiceSeriesLimit series,
            ScrapedReader reader,
            @Nullable InetSocketAddress prometheus) {}

    /** @param applicationOutput null if nothing is printed */
    ServiceSdk(
            ServiceName name,
            Service service,
            List<ExporterPipe> pipes,
            Providers providers,
            Scraping scraping,
            @Nullable ApplicationOutput applicationOutput) {
        this.name = name;
        this.service = service;
        this.pipes = pipes;
        this.providers = providers;
        this.scraping = scraping;
        this.applicationOutput = applicationOutput;
    }

    ServiceName name() {
        return name;
    }

    Service service() {
        return service;
    }

    List<ExporterPipe> pipes() {
        return pipes;
    }

    /** Returns the reader that collects when asked. */
    ScrapedReader scrape() {
        return scraping.reader();
    }

    /** Returns where the application wants its metrics to be scraped; null if it does not say. */
    @Nullable
    InetSocketAddress prometheus() {
        return scraping.prometheus();
    }

    /** Notes a recorder that has come: what is printed may be printed where it prints. */
    void joined(Caller caller) {
        ProcessOutput output = caller.output();
        if (applicationOutput != null && output != null) {
            applicationOutput.joined(output);
        }
    }

    /** Notes that a recorder which {@link #joined} has gone. */
    void left(Caller caller) {
        ProcessOutput output = caller.output();
        if (applicationOutput != null && output != null) {
            applicationOutput.left(output);
        }
    }

    /**
     * Writes what there is to the application's output and lets go of that, as nobody uses the service at present:
     * {@code app | tee} ends only when everybody has. Waits for the writers, bounded.
     */
    void release() {
        if (applicationOutput != null) {
            CompletableResultCode.ofAll(
                            List.of(providers.tracers().forceFlush(), detached(providers.meters()::forceFlush)))
                    .join(RELEASE_SECONDS, TimeUnit.SECONDS);
            applicationOutput.release();
        }
    }

    /**
     * Flushes and closes the SDK; spans within the queues' shutdown timeout, metrics within their exporters'. Does not
     * wait.
     */
    CompletableResultCode shutdown() {
        CompletableResultCode spans = providers.tracers().shutdown();
        SdkLoggerProvider loggers = providers.loggers();
        CompletableResultCode logs = loggers == null ? CompletableResultCode.ofSuccess() : detached(loggers::shutdown);
        // After the others, so that the last export of metrics counts what became of spans and logs; but not for ever.
        CompletableResultCode metrics = detached(() -> {
            CompletableResultCode.ofAll(List.of(spans, logs)).join(METRICS_WAIT_SECONDS, TimeUnit.SECONDS);
            return providers.meters().shutdown();
        });
        return CompletableResultCode.ofAll(List.of(spans, logs, metrics)).whenComplete(() -> {
            scraping.series().close();
            if (applicationOutput != null) {
                applicationOutput.close();
            }
        });
    }

    /**
     * On a thread of its own: the SDK's periodic reader exports on the thread that asks and waits for what is under way, and
     * closing the JDK's HTTP client waits for an answer that a hung collector never gives.
     */
    static CompletableResultCode detached(Supplier<CompletableResultCode> slow) {
        CompletableResultCode result = new CompletableResultCode();
        Thread.ofPlatform().daemon().name("spangard-last-metrics").start(() -> {
            try {
                CompletableResultCode done = slow.get();
                done.whenComplete(result::succeed);
            } catch (RuntimeException | Error e) {
                result.failExceptionally(e);
                throw e;
            }
        });
        return result;
    }
}
