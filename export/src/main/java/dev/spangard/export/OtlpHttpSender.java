// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.EngineVersion;
import dev.spangard.settings.OtlpSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Sends OTLP/HTTP with protobuf bodies (OTLP specification, OTLP/HTTP), over the JDK's client, whose threads bring the
 * answers. Follows no redirect.
 */
final class OtlpHttpSender implements OtlpSender {
    /** The statuses after which the specification has a client try again. */
    private static final Set<Integer> MAY_PASS = Set.of(429, 502, 503, 504);
    /** How large the specification lets a response be. */
    private static final long MAX_RESPONSE_BYTES = 4 << 20;

    private final HttpClient client;
    private final HttpRequest.Builder request;
    private final Duration timeout;
    private final boolean gzip;
    private final Supplier<Instant> now;

    /**
     * Connects when it first sends.
     *
     * @param tls null for the platform's
     * @param now the time of day, for a Retry-After that names one
     */
    OtlpHttpSender(OtlpSettings settings, @Nullable SSLContext tls, Supplier<Instant> now) {
        this.timeout = settings.timeout();
        this.gzip = settings.gzip();
        this.now = now;
        var builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timeout);
        if (tls != null) {
            builder.sslContext(tls);
        }
        this.client = builder.build();
        this.request = HttpRequest.newBuilder(URI.create(settings.endpoint()));
        request.setHeader("user-agent", "spangard/" + EngineVersion.TEXT);
        settings.headers().forEach(request::setHeader);
        request.setHeader("content-type", "application/x-protobuf");
        if (gzip) {
            request.setHeader("content-encoding", "gzip");
        }
    }

    @Override
    public CompletableFuture<byte[]> send(byte[] message) {
        byte[] body = gzip ? zipped(message) : message;
        HttpRequest post = request.copy()
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        CompletableFuture<HttpResponse<byte[]>> exchange =
                client.sendAsync(post, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_RESPONSE_BYTES));
        // The timeout is of the whole exchange: the client's own ends with the response's headers.
        return exchange.copy()
                .orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .handle((response, failure) -> {
                    if (failure != null) {
                        exchange.cancel(true);
                        throw new CompletionException(
                                ExportException.unanswered(FailureMessage.of(failure, timeout), failure));
                    }
                    if (response.statusCode() / 100 == 2) {
                        return response.body();
                    }
                    throw new CompletionException(refusal(response));
                });
    }

    private ExportException refusal(HttpResponse<byte[]> response) {
        int status = response.statusCode();
        return ExportException.answered(
                "the collector answers " + status,
                Integer.toString(status),
                MAY_PASS.contains(status),
                retryAfter(response));
    }

    /** The value of Retry-After, in seconds or as a date (RFC 9110, 10.2.3); null if there is none that can be read. */
    private @Nullable Duration retryAfter(HttpResponse<byte[]> response) {
        String value = response.headers().firstValue("retry-after").orElse("").strip();
        if (value.matches("[0-9]{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        try {
            Instant at = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration wait = Duration.between(now.get(), at);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static byte[] zipped(byte[] message) {
        var bytes = new ByteArrayOutputStream(message.length / 4 + 64);
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(message);
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes every byte", e);
        }
        return bytes.toByteArray();
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
