// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.OtlpSettings;
import dev.spangard.settings.Settings;
import io.opentelemetry.common.ComponentLoader;
import io.opentelemetry.exporter.internal.SenderUtil;
import io.opentelemetry.sdk.common.export.Compressor;
import io.opentelemetry.sdk.common.export.GrpcResponse;
import io.opentelemetry.sdk.common.export.GrpcSender;
import io.opentelemetry.sdk.common.export.GrpcSenderConfig;
import io.opentelemetry.sdk.common.export.GrpcStatusCode;
import io.opentelemetry.sdk.common.export.MessageWriter;
import io.opentelemetry.sdk.common.export.RetryPolicy;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Sends OTLP/gRPC, over the SDK's sender, whose threads bring the answers. That shows no trailers, so a RetryInfo of
 * the collector is not seen: after RESOURCE_EXHAUSTED, which the specification would retry with one only, the batch is
 * tried again, too.
 */
final class OtlpGrpcSender implements OtlpSender {
    private static final String METHOD = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
    /** The statuses after which the specification has a client try again (OTLP/gRPC, Failures). */
    private static final Set<GrpcStatusCode> MAY_PASS = EnumSet.of(
            GrpcStatusCode.CANCELLED,
            GrpcStatusCode.DEADLINE_EXCEEDED,
            GrpcStatusCode.RESOURCE_EXHAUSTED,
            GrpcStatusCode.ABORTED,
            GrpcStatusCode.OUT_OF_RANGE,
            GrpcStatusCode.UNAVAILABLE,
            GrpcStatusCode.DATA_LOSS);

    private final GrpcSender sender;
    private final Duration timeout;

    /**
     * Connects when it first sends.
     *
     * @param tls null for clear text, or the platform's
     */
    OtlpGrpcSender(OtlpSettings settings, @Nullable SSLContext tls, @Nullable X509TrustManager trust) {
        this.timeout = settings.timeout();
        Map<String, List<String>> headers = settings.headers().entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, header -> List.of(header.getValue())));
        this.sender = SenderUtil.resolveGrpcSenderProvider(
                        ComponentLoader.forClassLoader(OtlpGrpcSender.class.getClassLoader()))
                .createSender(
                        new Config(URI.create(settings.endpoint()), timeout, settings.gzip(), headers, tls, trust));
    }

    @Override
    public CompletableFuture<byte[]> send(byte[] request) {
        var answer = new CompletableFuture<byte[]>();
        sender.send(
                new Message(request),
                response -> {
                    if (response.getStatusCode() == GrpcStatusCode.OK) {
                        answer.complete(response.getResponseMessage());
                    } else {
                        answer.completeExceptionally(refusal(response));
                    }
                },
                failure -> answer.completeExceptionally(
                        ExportException.unanswered(FailureMessage.of(failure, timeout), failure)));
        return answer;
    }

    private static ExportException refusal(GrpcResponse response) {
        String description = response.getStatusDescription();
        String why = "the collector answers " + response.getStatusCode()
                + (description == null || description.isEmpty() ? "" : ": " + Settings.shortened(description));
        return ExportException.answered(
                why, response.getStatusCode().name(), MAY_PASS.contains(response.getStatusCode()), null);
    }

    @Override
    public void close() {
        sender.shutdown();
    }

    private static final class Message implements MessageWriter {
        private final byte[] bytes;

        Message(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public void writeMessage(OutputStream output) throws IOException {
            output.write(bytes);
        }

        @Override
        public int getContentLength() {
            return bytes.length;
        }
    }

    private static final class Gzip implements Compressor {
        @Override
        public String getEncoding() {
            return "gzip";
        }

        @Override
        public OutputStream compress(OutputStream output) throws IOException {
            return new GZIPOutputStream(output);
        }
    }

    private record Config(
            URI endpoint,
            Duration timeout,
            boolean gzip,
            Map<String, List<String>> headers,
            @Nullable SSLContext tls,
            @Nullable X509TrustManager trust)
            implements GrpcSenderConfig {
        @Override
        public URI getEndpoint() {
            return endpoint;
        }

        @Override
        public String getFullMethodName() {
            return METHOD;
        }

        @Override
        public @Nullable Compressor getCompressor() {
            return gzip ? new Gzip() : null;
        }

        @Override
        public Duration getTimeout() {
            return timeout;
        }

        @Override
        public Duration getConnectTimeout() {
            return timeout;
        }

        @Override
        public Supplier<Map<String, List<String>>> getHeadersSupplier() {
            return () -> headers;
        }

        @Override
        public @Nullable RetryPolicy getRetryPolicy() {
            return null;
        }

        @Override
        public @Nullable SSLContext getSslContext() {
            return tls;
        }

        @Override
        public @Nullable X509TrustManager getTrustManager() {
            return trust;
        }

        @Override
        public @Nullable ExecutorService getExecutorService() {
            return null;
        }
    }
}
