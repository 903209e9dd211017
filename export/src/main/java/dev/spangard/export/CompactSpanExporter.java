// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.Printable;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Prints one line per span, for a person at a terminal:
 *
 * <pre>20:41:07.123 GET     /items/{item_id}  200     1.3 ms  4bf92f3577b34da6a3ce929d0e0e4736</pre>
 *
 * <p>It has the local time of the start, method, route (the path where there is none), status, duration, trace id, then
 * the error. Called on its queue's agenda, which waits for the terminal.
 */
final class CompactSpanExporter implements SpanExporter {
    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
    private static final AttributeKey<String> ROUTE = AttributeKey.stringKey("http.route");
    private static final AttributeKey<String> PATH = AttributeKey.stringKey("url.path");
    private static final AttributeKey<Long> STATUS = AttributeKey.longKey("http.response.status_code");
    private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");
    private static final AttributeKey<String> EXCEPTION_MESSAGE = AttributeKey.stringKey("exception.message");

    private static final int ROUTE_WIDTH = 28;
    /** How much of an exception's message is printed; the whole is on the span. */
    private static final int MAX_MESSAGE = 120;

    private static final String RED = "\u001b[31m";
    private static final String YELLOW = "\u001b[33m";
    private static final String GREEN = "\u001b[32m";
    private static final String DIM = "\u001b[2m";
    private static final String RESET = "\u001b[0m";

    private final ApplicationOutput applicationOutput;
    private final DateTimeFormatter time;

    CompactSpanExporter(ApplicationOutput applicationOutput, ZoneId zone) {
        this.applicationOutput = applicationOutput;
        this.time = DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(zone);
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        var lines = new StringBuilder();
        for (SpanData span : spans) {
            lines.append(line(span)).append('\n');
        }
        try {
            applicationOutput.write(lines);
            return CompletableResultCode.ofSuccess();
        } catch (IOException e) {
            return CompletableResultCode.ofExceptionalFailure(e);
        }
    }

    String line(SpanData span) {
        Attributes attributes = span.getAttributes();
        String method = attributes.get(METHOD);
        String route = attributes.get(ROUTE);
        String where = route == null ? attributes.get(PATH) : route;
        Long status = attributes.get(STATUS);
        String error = attributes.get(ERROR_TYPE);

        var line = new StringBuilder(128);
        paint(line, DIM, time.format(Instant.ofEpochSecond(0, span.getStartEpochNanos())));
        line.append(' ');
        if (method == null) {
            line.append(pad(Printable.of(span.getName()), ROUTE_WIDTH + 8));
        } else {
            line.append(pad(Printable.of(method), 7)).append(' ');
            line.append(pad(where == null ? "-" : Printable.of(where), ROUTE_WIDTH));
        }
        line.append("  ");
        paint(line, colour(status, span), status == null ? "---" : String.valueOf(status));
        line.append("  ").append(duration(span.getEndEpochNanos() - span.getStartEpochNanos()));
        line.append("  ");
        paint(line, DIM, span.getTraceId());
        if (error != null && (status == null || !error.equals(String.valueOf(status)))) {
            line.append("  ");
            paint(line, RED, Printable.of(error + message(span)));
        } else if (method == null && !span.getStatus().getDescription().isEmpty()) {
            line.append("  ");
            paint(line, RED, Printable.of(firstLine(span.getStatus().getDescription())));
        }
        return line.toString();
    }

    private static String message(SpanData span) {
        for (EventData event : span.getEvents()) {
            String message = event.getAttributes().get(EXCEPTION_MESSAGE);
            if (message != null && !message.isEmpty()) {
                return ": " + firstLine(message);
            }
        }
        return "";
    }

    private static String firstLine(String text) {
        String first = text.lines().findFirst().orElse("");
        return first.length() <= MAX_MESSAGE ? first : first.substring(0, MAX_MESSAGE) + "…";
    }

    private static String colour(@Nullable Long status, SpanData span) {
        boolean isRequest = span.getAttributes().get(METHOD) != null;
        if (span.getStatus().getStatusCode() == StatusCode.ERROR || (isRequest && status == null)) {
            return RED;
        }
        if (status == null) {
            return DIM;
        }
        if (status >= 500) {
            return RED;
        }
        return status >= 400 ? YELLOW : GREEN;
    }

    private static String duration(long nanos) {
        double millis = nanos / 1e6;
        return millis < 10_000
                ? String.format(Locale.ROOT, "%7.1f ms", millis)
                : String.format(Locale.ROOT, "%7.1f s ", millis / 1000);
    }

    private static String pad(String text, int width) {
        return text.length() >= width ? text : text + " ".repeat(width - text.length());
    }

    private void paint(StringBuilder line, String colour, String text) {
        if (applicationOutput.tty()) {
            line.append(colour).append(text).append(RESET);
        } else {
            line.append(text);
        }
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public String toString() {
        return "compact";
    }
}
