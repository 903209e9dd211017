// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * Prints one JSON object per span, in the shape of {@code ConsoleSpanExporter} of the OpenTelemetry SDK for Python.
 * Called on its queue's agenda, which waits for whoever reads.
 */
final class ConsoleSpanExporter implements SpanExporter {
    private static final DateTimeFormatter ISO = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final ApplicationOutput applicationOutput;

    ConsoleSpanExporter(ApplicationOutput applicationOutput) {
        this.applicationOutput = applicationOutput;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        var text = new StringBuilder();
        for (SpanData span : spans) {
            text.append(json(span)).append('\n');
        }
        try {
            applicationOutput.write(text);
            return CompletableResultCode.ofSuccess();
        } catch (IOException e) {
            return CompletableResultCode.ofExceptionalFailure(e);
        }
    }

    static String json(SpanData span) {
        Json json = new Json().object().key("name").value(span.getName()).key("context");
        context(json, span.getSpanContext());
        json.key("kind").value("SpanKind." + span.getKind().name());
        json.key("parent_id").value(span.getParentSpanContext().isValid() ? "0x" + span.getParentSpanId() : null);
        json.key("start_time").value(iso(span.getStartEpochNanos()));
        json.key("end_time").value(iso(span.getEndEpochNanos()));
        json.key("status")
                .object()
                .key("status_code")
                .value(span.getStatus().getStatusCode().name());
        if (!span.getStatus().getDescription().isEmpty()) {
            json.key("description").value(span.getStatus().getDescription());
        }
        json.endObject();
        json.key("attributes").value(span.getAttributes());
        json.key("events").array();
        for (EventData event : span.getEvents()) {
            json.element().object().key("name").value(event.getName());
            json.key("timestamp").value(iso(event.getEpochNanos()));
            json.key("attributes").value(event.getAttributes()).endObject();
        }
        json.endArray().key("links").array();
        for (LinkData link : span.getLinks()) {
            json.element().object().key("context");
            context(json, link.getSpanContext());
            json.key("attributes").value(link.getAttributes()).endObject();
        }
        json.endArray().key("resource").object();
        json.key("attributes").value(span.getResource().getAttributes());
        String schema = span.getResource().getSchemaUrl();
        return json.key("schema_url")
                .value(schema == null ? "" : schema)
                .endObject()
                .endObject()
                .toString();
    }

    private static void context(Json json, SpanContext context) {
        json.object().key("trace_id").value("0x" + context.getTraceId());
        json.key("span_id").value("0x" + context.getSpanId());
        json.key("trace_state").value(pythonRepr(context.getTraceState())).endObject();
    }

    /** What {@code repr(TraceState)} is in Python: a list of {@code '{key=k, value=v}'}. */
    private static String pythonRepr(TraceState state) {
        List<String> entries = new ArrayList<>();
        state.forEach((key, value) -> entries.add("'{key=" + key + ", value=" + value + "}'"));
        return "[" + String.join(", ", entries) + "]";
    }

    /** The time in ISO 8601, to the nearest microsecond, as Python's datetime has no finer. */
    private static String iso(long epochNanos) {
        return ISO.format(Instant.ofEpochSecond(0, Math.addExact(epochNanos, 500)));
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
        return "console";
    }
}
