// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.semconv.SchemaUrls;
import org.jspecify.annotations.Nullable;

/** Makes the spans and measurements of one service, in the {@code stable} profile. Thread-safe. */
public final class Telemetry {
    /** The instrumentation scope of all that is made here. */
    public static final String SCOPE_NAME = "spangard";

    /** The schema of the semantic conventions that all this follows. */
    static final String SCHEMA_URL = SchemaUrls.V1_45_0;

    final Measurements measurements;
    final WebSocketMeasurements websockets;
    final TelemetryOptions options;
    final TextLimit limit;
    final HostHeader hostHeader = new HostHeader();
    final Forwarded forwarded;
    final SeriesLimit seriesLimit;
    final OptInFacts optIns;
    final SeriesCache series;
    final StableSpanWriter spans;

    private Telemetry(Tracer tracer, Meter meter, Logger logger, TelemetryOptions options, SeriesLimit seriesLimit) {
        this.seriesLimit = seriesLimit;
        this.series = new SeriesCache(seriesLimit);
        this.measurements = new Measurements(meter);
        this.websockets = new WebSocketMeasurements(meter);
        this.options = options;
        this.limit = new TextLimit(options.attributeValueLengthLimit());
        this.forwarded = new Forwarded(options.trustedProxies(), hostHeader);
        this.optIns = new OptInFacts(options.optIns());
        this.spans = new StableSpanWriter(tracer, logger, limit, options, optIns);
    }

    /**
     * Makes the telemetry of one service. Instruments are made at once, in {@code otel}'s providers; nothing is closed
     * here.
     */
    public static Telemetry create(OpenTelemetry otel, TelemetryOptions options) {
        return create(otel, options, SeriesLimit.NONE);
    }

    /**
     * Makes the telemetry of one service, as {@link #create(OpenTelemetry, TelemetryOptions)} does, with a limit beside
     * the SDK's own.
     *
     * @param series of the measurements of requests that have ended
     */
    public static Telemetry create(OpenTelemetry otel, TelemetryOptions options, SeriesLimit series) {
        String version = Telemetry.class.getPackage().getImplementationVersion();
        var tracer = otel.tracerBuilder(SCOPE_NAME).setSchemaUrl(SCHEMA_URL);
        var meter = otel.meterBuilder(SCOPE_NAME).setSchemaUrl(SCHEMA_URL);
        var logger = otel.getLogsBridge().loggerBuilder(SCOPE_NAME).setSchemaUrl(SCHEMA_URL);
        if (version != null) {
            tracer.setInstrumentationVersion(version);
            meter.setInstrumentationVersion(version);
            logger.setInstrumentationVersion(version);
        }
        return new Telemetry(tracer.build(), meter.build(), logger.build(), options, series);
    }

    /**
     * Returns the exchange of a request that the server handed to the application at this time. Nothing is made before
     * it is opened or ended.
     */
    public Exchange exchange(Request request, long startEpochNanos) {
        return new Exchange(this, request, conversation(), startEpochNanos);
    }

    /** Returns a conversation for an exchange that begins later. */
    public Conversation conversation() {
        return new Conversation(options.webSocketEvents());
    }

    /**
     * Returns the exchange of a request of which some messages are already known, as {@link #exchange(Request, long)}
     * does.
     *
     * @param conversation made by {@link #conversation}
     */
    public Exchange exchange(Request request, Conversation conversation, long startEpochNanos) {
        return new Exchange(this, request, conversation, startEpochNanos);
    }

    /**
     * Returns the method as attributes have it. A WebSocket's handshake has one, though its scope names none (RFC 8441,
     * section 4).
     */
    String knownMethod(Request request) {
        String method = request.method();
        if (method == null && request.kind() == Request.Kind.WEBSOCKET) {
            String version = request.httpVersion();
            return version == null || version.startsWith("1") ? "GET" : "CONNECT";
        }
        return method != null && options.knownMethods().contains(method) ? method : Series.OTHER;
    }

    static String scheme(Request request) {
        String scheme = request.scheme();
        if (scheme == null || scheme.isEmpty()) {
            return request.kind() == Request.Kind.HTTP ? "http" : "ws";
        }
        return scheme;
    }

    @Nullable
    Address serverAddress(Request request) {
        String scheme = scheme(request);
        Address named = hostHeader.address(request.host(), scheme.equals("https") || scheme.equals("wss"));
        return named == null ? request.server() : named;
    }
}
