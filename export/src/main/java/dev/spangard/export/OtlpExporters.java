// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.ConfigurationException;
import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.PrivateKeyPem;
import dev.spangard.settings.Variables;
import io.opentelemetry.exporter.internal.TlsConfigHelper;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.sdk.common.export.RetryPolicy;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.export.AggregationTemporalitySelector;
import io.opentelemetry.sdk.metrics.export.DefaultAggregationSelector;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes OTLP exporters from {@link OtlpSettings}: of spans our own, of metrics and logs the OpenTelemetry SDK's. Any
 * thread may call it; the caller shuts down what it gets. What the settings name and cannot be used is a
 * {@link ConfigurationException} with one line for the user.
 */
public final class OtlpExporters {
    static {
        // Both senders are on the class path, as gRPC needs okhttp; for HTTP the JDK's takes a tenth of okhttp's time.
        System.setProperty(
                "io.opentelemetry.sdk.common.export.HttpSenderProvider",
                "io.opentelemetry.exporter.sender.jdk.internal.JdkHttpSenderProvider");
    }

    private OtlpExporters() {}

    /** Makes an outlet of spans, which connects when it first sends. */
    public static OtlpOutlet spans(OtlpSettings settings) throws ConfigurationException {
        TlsConfigHelper tls = tls(settings);
        OtlpSender sender = switch (settings.protocol()) {
            case HTTP_PROTOBUF -> http(settings, tls);
            case GRPC -> {
                boolean plain = settings.endpoint().startsWith("http://");
                yield new OtlpGrpcSender(
                        settings, plain ? null : tls.getSslContext(), plain ? null : tls.getTrustManager());
            }
        };
        return new OtlpOutlet(Variables.shown("", settings.endpoint()), sender);
    }

    private static OtlpSender http(OtlpSettings settings, TlsConfigHelper tls) throws ConfigurationException {
        try {
            return new OtlpHttpSender(settings, tls.getSslContext(), Instant::now);
        } catch (IllegalArgumentException e) {
            // The client sets Host, Connection and the like itself. Its message repeats no value.
            throw new ConfigurationException("OTEL_EXPORTER_OTLP_HEADERS: " + e.getMessage());
        }
    }

    private static TlsConfigHelper tls(OtlpSettings settings) throws ConfigurationException {
        var tls = new TlsConfigHelper();
        setTls(settings, tls::setTrustManagerFromCerts, tls::setKeyManagerFromCerts);
        return tls;
    }

    /** Makes an exporter of metrics, which tries again as the settings say. */
    public static MetricExporter metrics(
            OtlpSettings settings, AggregationTemporalitySelector temporality, DefaultAggregationSelector aggregation)
            throws ConfigurationException {
        return switch (settings.protocol()) {
            case HTTP_PROTOBUF -> {
                var builder = OtlpHttpMetricExporter.builder()
                        .setAggregationTemporalitySelector(temporality)
                        .setDefaultAggregationSelector(aggregation);
                new Target(
                                builder::setEndpoint,
                                builder::addHeader,
                                builder::setTimeout,
                                builder::setCompression,
                                builder::setTrustedCertificates,
                                builder::setClientTls,
                                builder::setRetryPolicy)
                        .apply(settings);
                yield builder.build();
            }
            case GRPC -> {
                var builder = OtlpGrpcMetricExporter.builder()
                        .setAggregationTemporalitySelector(temporality)
                        .setDefaultAggregationSelector(aggregation);
                new Target(
                                builder::setEndpoint,
                                builder::addHeader,
                                builder::setTimeout,
                                builder::setCompression,
                                builder::setTrustedCertificates,
                                builder::setClientTls,
                                builder::setRetryPolicy)
                        .apply(settings);
                yield builder.build();
            }
        };
    }

    /** Makes an exporter of log records, which tries again as the settings say. */
    public static LogRecordExporter logs(OtlpSettings settings) throws ConfigurationException {
        return switch (settings.protocol()) {
            case HTTP_PROTOBUF -> {
                var builder = OtlpHttpLogRecordExporter.builder();
                new Target(
                                builder::setEndpoint,
                                builder::addHeader,
                                builder::setTimeout,
                                builder::setCompression,
                                builder::setTrustedCertificates,
                                builder::setClientTls,
                                builder::setRetryPolicy)
                        .apply(settings);
                yield builder.build();
            }
            case GRPC -> {
                var builder = OtlpGrpcLogRecordExporter.builder();
                new Target(
                                builder::setEndpoint,
                                builder::addHeader,
                                builder::setTimeout,
                                builder::setCompression,
                                builder::setTrustedCertificates,
                                builder::setClientTls,
                                builder::setRetryPolicy)
                        .apply(settings);
                yield builder.build();
            }
        };
    }

    /** What the SDK's four builders have in common but no interface for. */
    private record Target(
            Consumer<String> endpoint,
            BiConsumer<String, String> header,
            Consumer<Duration> timeout,
            Consumer<String> compression,
            Consumer<byte[]> trustedCertificates,
            BiConsumer<byte[], byte[]> clientTls,
            Consumer<@Nullable RetryPolicy> retryPolicy) {
        void apply(OtlpSettings settings) throws ConfigurationException {
            endpoint.accept(settings.endpoint());
            timeout.accept(settings.timeout());
            compression.accept(settings.gzip() ? "gzip" : "none");
            settings.headers().forEach(header);
            if (!settings.retries()) {
                retryPolicy.accept(null);
            }
            setTls(settings, trustedCertificates, clientTls);
        }
    }

    private static void setTls(
            OtlpSettings settings, Consumer<byte[]> trustedCertificates, BiConsumer<byte[], byte[]> clientTls)
            throws ConfigurationException {
        String trusted = settings.trustedCertificates();
        String key = settings.clientKey();
        String certificate = settings.clientCertificate();
        try {
            if (trusted != null) {
                trustedCertificates.accept(bytes(trusted));
            }
            if (key != null && certificate != null) {
                clientTls.accept(bytes(PrivateKeyPem.pkcs8(key)), bytes(certificate));
            }
        } catch (IllegalStateException | IllegalArgumentException e) {
            throw new ConfigurationException(
                    "a file named by OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_KEY or _CLIENT_CERTIFICATE is not PEM");
        }
    }

    private static byte[] bytes(String pem) {
        return pem.getBytes(StandardCharsets.ISO_8859_1);
    }
}
