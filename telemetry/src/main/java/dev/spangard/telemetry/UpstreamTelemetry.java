// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import org.jspecify.annotations.Nullable;

/**
 * Makes the spans and measurements of one service in the {@code upstream} profile: those of
 * {@code opentelemetry-instrumentation-asgi}, name for name. Thread-safe.
 */
public final class UpstreamTelemetry {
    /** The instrumentation scope that dashboards on the Python package select by. */
    public static final String SCOPE_NAME = "opentelemetry.instrumentation.asgi";

    final Tracer tracer;
    final UpstreamSpans spans;
    final UpstreamAttributes attributes;
    final UpstreamMetrics metrics;
    final CapturedHeaders requestHeaders = CapturedHeaders.underscored("http.request.header.");
    final CapturedHeaders responseHeaders = CapturedHeaders.underscored("http.response.header.");
    final TextLimit limit;
    final boolean workerPid;

    private UpstreamTelemetry(
            Tracer tracer,
            UpstreamSpans spans,
            UpstreamAttributes attributes,
            UpstreamMetrics metrics,
            TelemetryOptions options) {
        this.tracer = tracer;
        this.spans = spans;
        this.attributes = attributes;
        this.metrics = metrics;
        this.limit = new TextLimit(options.attributeValueLengthLimit());
        this.workerPid = options.workerPid();
    }

    /**
     * Makes the telemetry of one service. Instruments are made at once, in the providers; nothing is closed here.
     *
     * @param otel makes requests' spans, and measurements
     * @param children makes the spans of single messages; apart, as requests are what is accounted for
     * @param mode by which conventions things are named
     * @param allMethods {@code OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS}
     * @param options what is recorded and how much of it
     * @param series of measurements
     */
    public static UpstreamTelemetry create(
            OpenTelemetry otel,
            TracerProvider children,
            SemconvMode mode,
            boolean allMethods,
            TelemetryOptions options,
            SeriesLimit series) {
        var attributes = new UpstreamAttributes(mode, options, allMethods);
        var meter = otel.meterBuilder(SCOPE_NAME).setSchemaUrl(mode.schemaUrl);
        String version = UpstreamTelemetry.class.getPackage().getImplementationVersion();
        if (version != null) {
            meter.setInstrumentationVersion(version);
        }
        return new UpstreamTelemetry(
                tracer(otel.getTracerProvider(), mode, version),
                new UpstreamSpans(tracer(children, mode, version), attributes, options),
                attributes,
                new UpstreamMetrics(meter.build(), mode, series),
                options);
    }

    private static Tracer tracer(TracerProvider from, SemconvMode mode, @Nullable String version) {
        var tracer = from.tracerBuilder(SCOPE_NAME).setSchemaUrl(mode.schemaUrl);
        if (version != null) {
            tracer.setInstrumentationVersion(version);
        }
        return tracer.build();
    }

    /**
     * Returns the exchange of a request that the server handed to the application at this time. Nothing is made before
     * it ends.
     */
    public UpstreamExchange exchange(UpstreamRequest request, long startEpochNanos) {
        return new UpstreamExchange(this, request, startEpochNanos);
    }

    /**
     * Makes the spans of messages of a request that goes on.
     *
     * @param children in the order in which they ended
     * @param request the span they belong below
     * @param name of the request's span, null for the default
     * @param ids called before each span is started
     */
    public void children(
            Iterable<ChildSpan> children,
            SpanContext request,
            Request.Kind kind,
            @Nullable String name,
            @Nullable String method,
            String path,
            SpanIds ids) {
        String prefix = UpstreamSpans.childName(name == null ? attributes.spanName(method, path) : name, kind);
        for (ChildSpan child : children) {
            spans.child(child, request, prefix, ids);
        }
    }
}
