// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.semconv.ClientAttributes;
import io.opentelemetry.semconv.ErrorAttributes;
import io.opentelemetry.semconv.ExceptionAttributes;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.NetworkAttributes;
import io.opentelemetry.semconv.ServerAttributes;
import io.opentelemetry.semconv.UrlAttributes;
import io.opentelemetry.semconv.UserAgentAttributes;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes the facts of an {@link Exchange} onto its span, in the {@code stable} profile. */
final class StableSpanWriter {
    /** What an application does for a shorter time after its response is no work worth telling of. */
    static final long BACKGROUND_FROM_NANOS = 1_000_000;

    private final Exchange exchange;
    private final Request request;
    private final TextLimit limit;

    StableSpanWriter(Exchange exchange) {
        this.exchange = exchange;
        this.request = exchange.request;
        this.limit = exchange.telemetry.limit;
    }

    /**
     * The span of an exchange that has only begun. What no sampler asks for is put on it when it is known to be kept.
     */
    Span start(Context parent) {
        Span span = builder(Series.spanName(exchange.method, exchange.route), parent)
                .startSpan();
        if (span.isRecording()) {
            putConnection(SpanAttributes.of(span));
        }
        return span;
    }

    /** The span of an exchange that is over, everything given at its creation; the caller ends it. */
    Span startEnded(Context parent, Series series, Ending ending) {
        ApplicationSpan application = exchange.application;
        String name = application == null || application.name() == null ? series.spanName() : application.name();
        SpanBuilder builder = builder(name, parent);
        SpanAttributes attributes = SpanAttributes.of(builder);
        putConnection(attributes);
        putResponse(attributes, series, ending);
        if (application != null) {
            builder.setAllAttributes(application.attributes());
            application.links().forEach(link -> builder.addLink(link.to(), link.attributes()));
        }
        return builder.startSpan();
    }

    /** What became known since the span was started. The application has had the span meanwhile, and named it if it would. */
    void complete(Span span, Series series, Ending ending) {
        putResponse(SpanAttributes.of(span), series, ending);
    }

    void routed(Span span, String route) {
        span.setAttribute(HttpAttributes.HTTP_ROUTE, route);
        span.updateName(Series.spanName(exchange.method, route));
    }

    /**
     * @param failure that is to be told
     * @param context with the span in it
     */
    void addEvents(Span span, @Nullable Failure failure, long returnedNanos, Context context) {
        for (WebSocketMessage message : exchange.conversation.webSocket().messages()) {
            span.addEvent(Keys.MESSAGE_EVENT, message(message), message.epochNanos(), TimeUnit.NANOSECONDS);
        }
        ApplicationSpan application = exchange.application;
        if (application != null) {
            for (ApplicationSpan.Event event : application.events()) {
                Long at = event.epochNanos();
                span.addEvent(event.name(), event.attributes(), at == null ? returnedNanos : at, TimeUnit.NANOSECONDS);
            }
        }
        if (failure != null) {
            tell(failure, application != null && application.recorded(failure), span, returnedNanos, context);
        }
    }

    /** @param isEvent whether the span has it as an event already */
    private void tell(Failure failure, boolean isEvent, Span span, long epochNanos, Context context) {
        Attributes exception = exception(failure);
        ExceptionSignal as = exchange.telemetry.options.exceptions();
        if (as.inSpanEvents() && !isEvent) {
            span.addEvent("exception", exception, epochNanos, TimeUnit.NANOSECONDS);
        }
        if (as.inLogs()) {
            exchange.telemetry
                    .logger
                    .logRecordBuilder()
                    .setEventName(Keys.EXCEPTION_EVENT)
                    .setSeverity(Severity.ERROR)
                    .setTimestamp(epochNanos, TimeUnit.NANOSECONDS)
                    .setContext(context)
                    .setAllAttributes(exception)
                    .emit();
        }
    }

    private static Attributes message(WebSocketMessage message) {
        return Attributes.of(
                Keys.IO_DIRECTION,
                message.sent() ? Keys.TRANSMIT : Keys.RECEIVE,
                Keys.MESSAGE_TYPE,
                message.text() ? "text" : "binary",
                Keys.MESSAGE_SIZE,
                message.bytes());
    }

    /** The application's word first, ours where it said nothing. 1xx to 4xx are no error of a server. */
    void setStatus(Span span, Series series) {
        ApplicationSpan application = exchange.application;
        if (application != null && application.status() != StatusCode.UNSET) {
            String description = application.statusDescription();
            if (description == null) {
                span.setStatus(application.status());
            } else {
                span.setStatus(application.status(), limit.cut(description));
            }
        } else if (series.key().errorType() != null) {
            span.setStatus(StatusCode.ERROR);
        }
    }

    /** What ran after the response; every application needs a moment to return. */
    void putBackground(Span span, long nanos) {
        if (nanos >= BACKGROUND_FROM_NANOS) {
            span.setAttribute(Keys.BACKGROUND_TIME, nanos / 1e9);
        }
    }

    private Attributes exception(Failure failure) {
        AttributesBuilder attributes =
                Attributes.builder().put(ExceptionAttributes.EXCEPTION_TYPE, limit.cut(failure.type()));
        if (!failure.message().isEmpty()) {
            attributes.put(ExceptionAttributes.EXCEPTION_MESSAGE, limit.cut(failure.message()));
        }
        if (!failure.stacktrace().isEmpty()) {
            attributes.put(ExceptionAttributes.EXCEPTION_STACKTRACE, limit.cutTrace(failure.stacktrace()));
        }
        return attributes.build();
    }

    /** With all that the semantic conventions want given at creation, for samplers. */
    private SpanBuilder builder(String name, Context parent) {
        SpanBuilder builder = exchange.telemetry
                .tracer
                .spanBuilder(name)
                .setSpanKind(SpanKind.SERVER)
                .setParent(parent)
                .setStartTimestamp(exchange.startNanos, TimeUnit.NANOSECONDS);
        putRequest(builder);
        return builder;
    }

    /**
     * Straight to the builder, and not through {@link SpanAttributes}, which holds spans too: seven calls less in what each
     * request runs, sampled or not.
     */
    private void putRequest(SpanBuilder to) {
        to.setAttribute(HttpAttributes.HTTP_REQUEST_METHOD, exchange.method);
        String original = request.method();
        if (original != null && !original.equals(exchange.method)) {
            put(to, HttpAttributes.HTTP_REQUEST_METHOD_ORIGINAL, original);
        }
        put(to, UrlAttributes.URL_SCHEME, exchange.scheme);
        put(to, UrlAttributes.URL_PATH, path(request.path()));
        if (!request.query().isEmpty()) {
            put(to, UrlAttributes.URL_QUERY, exchange.telemetry.redaction.apply(request.query()));
        }
        Address server = exchange.telemetry.server(request);
        if (server != null) {
            put(to, ServerAttributes.SERVER_ADDRESS, server.host());
            if (server.port() != Address.NO_PORT) {
                to.setAttribute(ServerAttributes.SERVER_PORT, (long) server.port());
            }
        }
        Address client = request.client();
        if (client != null) {
            put(to, ClientAttributes.CLIENT_ADDRESS, client.host());
        }
        if (!request.userAgent().isEmpty()) {
            put(to, UserAgentAttributes.USER_AGENT_ORIGINAL, request.userAgent());
        }
        if (exchange.route != null) {
            put(to, HttpAttributes.HTTP_ROUTE, exchange.route);
        }
        exchange.telemetry.requestHeaders.forEach(request.capturedHeaders(), limit, to::setAttribute);
    }

    private void put(SpanBuilder to, AttributeKey<String> key, String value) {
        to.setAttribute(key, limit.cut(value));
    }

    /** Of the connection and the process, by which nobody samples. */
    private void putConnection(SpanAttributes to) {
        // Servers put port 0 beside an address from X-Forwarded-For: then the peer, a proxy, is not known.
        Address peer = exchange.peer;
        if (peer != null && peer.port() != 0) {
            put(to, NetworkAttributes.NETWORK_PEER_ADDRESS, peer.host());
            putPort(to, NetworkAttributes.NETWORK_PEER_PORT, peer);
        }
        if (request.kind() == Request.Kind.WEBSOCKET) {
            to.put(NetworkAttributes.NETWORK_PROTOCOL_NAME, "websocket");
        }
        put(to, NetworkAttributes.NETWORK_PROTOCOL_VERSION, request.httpVersion());
        if (exchange.telemetry.options.workerPid() && request.pid() != 0) {
            to.put(Keys.PROCESS_PID, request.pid());
        }
        exchange.telemetry.optIns.put(exchange, to);
    }

    /** RFC 9112, 3.2.2: servers may pass a target in absolute form on as the path; its authority may hold a password. */
    private static String path(String path) {
        int scheme = path.startsWith("/") ? -1 : path.indexOf("://");
        if (scheme < 0) {
            return path.isEmpty() ? "/" : path;
        }
        int slash = path.indexOf('/', scheme + 3);
        return slash < 0 ? "/" : path.substring(slash);
    }

    private void putResponse(SpanAttributes to, Series series, Ending ending) {
        if (series.key().status() != 0) {
            to.put(HttpAttributes.HTTP_RESPONSE_STATUS_CODE, (long) series.key().status());
        }
        put(to, ErrorAttributes.ERROR_TYPE, series.key().errorType());
        if (ending.clientLeft()) {
            to.put(Keys.CLIENT_DISCONNECTED, true);
        }
        if (ending.websocket()) {
            putMessages(to, ending);
        } else {
            putBodies(to, ending);
        }
        exchange.telemetry.responseHeaders.forEach(exchange.responseHeaders, limit, to::put);
    }

    private void putBodies(SpanAttributes to, Ending ending) {
        Conversation said = exchange.conversation;
        if (said.bytesReceived() > 0) {
            to.put(Keys.REQUEST_BODY_SIZE, said.bytesReceived());
        }
        if (said.bodies() == 0) {
            return;
        }
        if (ending.bytesSent() >= 0) {
            to.put(Keys.RESPONSE_BODY_SIZE, ending.bytesSent());
        }
        to.put(Keys.TIME_TO_FIRST_BYTE, Math.max(0, said.firstBodyNanos() - exchange.startNanos) / 1e9);
        if (said.bodies() > 1) {
            to.put(Keys.RESPONSE_CHUNKS, said.bodies());
            if (ending.completeNanos() != 0) {
                to.put(Keys.STREAMING_TIME, Math.max(0, ending.completeNanos() - said.firstBodyNanos()) / 1e9);
            }
        }
    }

    private void putMessages(SpanAttributes to, Ending ending) {
        Conversation said = exchange.conversation;
        to.put(Keys.MESSAGES_RECEIVED, said.webSocket().messagesReceived());
        to.put(Keys.MESSAGES_SENT, said.webSocket().messagesSent());
        to.put(Keys.BYTES_RECEIVED, said.bytesReceived());
        to.put(Keys.BYTES_SENT, said.bytesSent());
        put(to, Keys.SUBPROTOCOL, said.webSocket().subprotocol());
        if (said.webSocket().closeCode() != 0) {
            to.put(Keys.CLOSE_CODE, (long) said.webSocket().closeCode());
            put(to, Keys.CLOSE_REASON, said.webSocket().closeReason());
        }
        put(to, Keys.CLOSED_BY, ending.closedBy());
    }

    private void put(SpanAttributes to, AttributeKey<String> key, @Nullable String value) {
        if (value != null) {
            to.put(key, limit.cut(value));
        }
    }

    private static void putPort(SpanAttributes to, AttributeKey<Long> key, Address address) {
        if (address.port() != Address.NO_PORT) {
            to.put(key, (long) address.port());
        }
    }
}
