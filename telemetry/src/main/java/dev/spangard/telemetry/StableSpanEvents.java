// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.semconv.ExceptionAttributes;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The events of a span in the {@code stable} profile: messages of its WebSocket, what the application added, the exception
 * that left it, which may be a log record instead (semantic conventions, exceptions). Thread-safe; called by
 * {@link StableSpanWriter}.
 */
final class StableSpanEvents {
    private final Logger logger;
    private final TextLimit limit;
    private final ExceptionSignal exceptions;

    /**
     * Makes the events of one service.
     *
     * @param logger takes exceptions, where they are wanted as log records
     */
    StableSpanEvents(Logger logger, TextLimit limit, ExceptionSignal exceptions) {
        this.logger = logger;
        this.limit = limit;
        this.exceptions = exceptions;
    }

    /**
     * Adds all events of an exchange that is over, and emits its log record.
     *
     * @param failure that is to be recorded; null if nothing was raised
     * @param context with the span in it
     */
    void add(Exchange exchange, Span span, @Nullable Failure failure, long returnedNanos, Context context) {
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
            record(failure, application != null && application.recorded(failure), span, returnedNanos, context);
        }
    }

    /**
     * Records an exception as the signals that are asked for.
     *
     * @param isEvent whether the span has it as an event already
     */
    private void record(Failure failure, boolean isEvent, Span span, long epochNanos, Context context) {
        Attributes exception = exception(failure);
        if (exceptions.inSpanEvents() && !isEvent) {
            span.addEvent("exception", exception, epochNanos, TimeUnit.NANOSECONDS);
        }
        if (exceptions.inLogs()) {
            logger.logRecordBuilder()
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
}
