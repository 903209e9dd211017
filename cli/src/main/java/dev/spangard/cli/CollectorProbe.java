// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.books.Counts;
import dev.spangard.export.ExportException;
import dev.spangard.export.OtlpExporters;
import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import dev.spangard.settings.Signal;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.export.AggregationTemporalitySelector;
import io.opentelemetry.sdk.metrics.export.DefaultAggregationSelector;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Tries one real export of nothing, with all that is configured for its signal, and finds out what the collector makes
 * of it.
 */
final class CollectorProbe {
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final OtlpSettings settings;
    private final CompletableResultCode result;

    /**
     * Begins the export and does not wait. Its exporter is not closed, since the JDK's HTTP client waits for a
     * collector that hangs: this is for a process that is about to end.
     */
    CollectorProbe(Signal signal, OtlpSettings settings) throws ConfigurationException {
        this.settings = settings.once(TIMEOUT);
        this.result = switch (signal) {
            case TRACES ->
                OtlpExporters.spans(this.settings)
                        .export(List.of(), Counts.NONE)
                        .result();
            case METRICS ->
                OtlpExporters.metrics(
                                this.settings,
                                AggregationTemporalitySelector.alwaysCumulative(),
                                DefaultAggregationSelector.getDefault())
                        .export(List.of());
            case LOGS -> OtlpExporters.logs(this.settings).export(List.of());
        };
    }

    /** Waits, bounded, and returns what is wrong and what to do about it; null if the collector has taken it. */
    @Nullable
    Fault fault() {
        result.join(TIMEOUT.toMillis() + 1000, TimeUnit.MILLISECONDS);
        if (result.isSuccess()) {
            return null;
        }
        Throwable failure = result.isDone() ? result.getFailureThrowable() : null;
        if (failure == null) {
            return unanswered();
        }
        ExportException why = ExportException.ofSdk(failure, TIMEOUT);
        String status = why.status();
        return status == null ? ofCause(why) : ofAnswer(status);
    }

    private Fault ofAnswer(String status) {
        return switch (settings.protocol()) {
            case HTTP_PROTOBUF -> ofStatus(Integer.parseInt(status));
            case GRPC -> ofGrpc(status);
        };
    }

    /**
     * @param found what happened
     * @param remedy what to do
     */
    record Fault(String found, String remedy) {}

    private static Fault unanswered() {
        return new Fault(
                "no answer within " + TIMEOUT.toSeconds() + " seconds",
                "is that the collector's address, and may this machine reach it?");
    }

    private Fault ofStatus(int status) {
        return switch (status) {
            case 401, 403 -> new Fault("it answers " + status, "check the credentials in OTEL_EXPORTER_OTLP_HEADERS");
            case 404, 405 ->
                new Fault(
                        "it answers " + status,
                        "no OTLP at this path: OTEL_EXPORTER_OTLP_ENDPOINT is without v1/traces, _TRACES_ENDPOINT with it");
            default -> new Fault("it answers " + status, "see the collector's log");
        };
    }

    private Fault ofGrpc(String status) {
        return switch (status) {
            case "UNAUTHENTICATED", "PERMISSION_DENIED" ->
                new Fault("it answers " + status, "check the credentials in OTEL_EXPORTER_OTLP_HEADERS");
            case "UNIMPLEMENTED" -> new Fault("it answers " + status, "no OTLP there for this signal");
            default -> new Fault("it answers " + status, "see the collector's log");
        };
    }

    private Fault ofCause(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case UnknownHostException e -> {
                    return unknownHost();
                }
                case UnresolvedAddressException e -> {
                    return unknownHost();
                }
                case HttpTimeoutException e -> {
                    return unanswered();
                }
                case TimeoutException e -> {
                    return unanswered();
                }
                case java.io.InterruptedIOException e -> {
                    return unanswered();
                }
                case SSLException e -> {
                    return new Fault(
                            "TLS failed: " + Settings.shortened(String.valueOf(e.getMessage())),
                            "OTEL_EXPORTER_OTLP_CERTIFICATE names the authority to trust; http:// is without TLS");
                }
                default -> {}
            }
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException) {
                return new Fault("nobody listens there", "start the collector, or set OTEL_EXPORTER_OTLP_ENDPOINT");
            }
        }
        return switch (settings.protocol()) {
            case HTTP_PROTOBUF ->
                new Fault(
                        "it does not speak HTTP/1.1",
                        "if that is gRPC's port (4317), set OTEL_EXPORTER_OTLP_PROTOCOL=grpc; else 4318; with TLS https://");
            case GRPC ->
                new Fault(
                        "it does not speak gRPC",
                        "if that is the port of HTTP (4318), set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf; else 4317; with TLS https://");
        };
    }

    private static Fault unknownHost() {
        return new Fault("its host name is not known", "check OTEL_EXPORTER_OTLP_ENDPOINT and the name server");
    }
}
