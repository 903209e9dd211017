// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.Conversation;
import dev.spangard.telemetry.Exchange;
import dev.spangard.telemetry.Failure;
import dev.spangard.telemetry.Request;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.Attributes;
import org.jspecify.annotations.Nullable;

/** Reads records of requests that are not sampled: only what measurements need. Used by the peer's thread only. */
final class UnsampledRecordReader {
    private static final int UNSAMPLED_FIELDS = 15;
    private static final int UNSAMPLED_WEBSOCKET_FIELDS = 10;
    private static final int OPEN_UNSAMPLED_FIELDS = 6;

    private final Telemetry telemetry;
    private final Accounts accounts;
    private final Unfinished unfinished;

    UnsampledRecordReader(Service service, Unfinished unfinished) {
        this.telemetry = service.telemetry();
        this.accounts = service.accounts();
        this.unfinished = unfinished;
    }

    /** @param announced whether an OPEN record went ahead */
    void http(boolean announced, int fields, MarshalReader in, BatchClock clock, Attributes measuredWith) {
        Fields.expect(in, announced ? UNSAMPLED_FIELDS + 1 : UNSAMPLED_FIELDS, fields);
        long start = clock.readNanos(in);
        long end = clock.readNanos(in);
        String method = Fields.repeatedOrNone(in);
        String scheme = Fields.repeatedOrNone(in);
        String version = Fields.repeatedOrNone(in);
        String route = Fields.repeatedOrNone(in);
        int status = in.int32Or(0);
        long requestBytes = in.int64();
        long responseBytes = in.int64();
        double first = in.float64();
        double complete = in.float64();
        String failureType = Fields.repeatedOrNone(in);
        boolean disconnected = in.int32() != 0;
        String host = in.repeatedBytesAsText(Limits.TEXT);
        if (announced) {
            unfinished.ended(in.unsigned64());
        }
        Conversation conversation = telemetry.conversation();
        if (status != 0) {
            conversation.responseStarted();
            conversation.status(status);
        }
        if (first != 0) {
            conversation.responseBody(clock.nanos(in, first), responseBytes, false);
        }
        if (complete != 0) {
            conversation.responseBody(clock.nanos(in, complete), 0, true);
        }
        conversation.requestBody(requestBytes);
        if (disconnected) {
            conversation.disconnected();
        }
        Request request = Request.unsampled(Request.Kind.HTTP, method, scheme, version, host);
        measure(telemetry.exchange(request, conversation, start), route, failureType, end, measuredWith);
    }

    /** @param announced whether an OPEN record went ahead */
    void webSocket(boolean announced, int fields, MarshalReader in, BatchClock clock, Attributes measuredWith) {
        Fields.expect(in, announced ? UNSAMPLED_WEBSOCKET_FIELDS + 1 : UNSAMPLED_WEBSOCKET_FIELDS, fields);
        long start = clock.readNanos(in);
        long end = clock.readNanos(in);
        String method = Fields.repeatedOrNone(in);
        String scheme = Fields.repeatedOrNone(in);
        String version = Fields.repeatedOrNone(in);
        String route = Fields.repeatedOrNone(in);
        Conversation conversation = telemetry.conversation();
        EventReader.replay(in, clock, conversation);
        String failureType = Fields.repeatedOrNone(in);
        String host = in.repeatedBytesAsText(Limits.TEXT);
        if (announced) {
            unfinished.ended(in.unsigned64());
        }
        Request request = Request.unsampled(Request.Kind.WEBSOCKET, method, scheme, version, host);
        measure(telemetry.exchange(request, conversation, start), route, failureType, end, measuredWith);
    }

    private void measure(
            Exchange exchange,
            @Nullable String route,
            @Nullable String failureType,
            long epochNanos,
            Attributes measuredWith) {
        exchange.route(route);
        if (failureType != null) {
            exchange.failed(new Failure(failureType, "", "", isCancellation(failureType)));
        }
        exchange.measuredWith(measuredWith);
        exchange.endUnsampled(epochNanos);
        accounts.measure(1);
    }

    /** An unsampled record has only the type of what was raised; these say that a task was cancelled. */
    private static boolean isCancellation(String type) {
        return type.endsWith("CancelledError") || type.endsWith(".Cancelled") || type.equals("GeneratorExit");
    }

    /** @param from where the record begins */
    void open(Request.Kind kind, int fields, int from, MarshalReader in, BatchClock clock) {
        Fields.expect(in, OPEN_UNSAMPLED_FIELDS, fields);
        long start = clock.readNanos(in);
        long spanId = in.unsigned64();
        String method = Fields.repeatedOrNone(in);
        String scheme = Fields.repeatedOrNone(in);
        String host = in.repeatedBytesAsText(Limits.TEXT);
        Exchange exchange = telemetry.exchange(Request.unsampled(kind, method, scheme, null, host), start);
        unfinished.opened(spanId, new Unfinished.Open(exchange, null), in.position() - from);
    }
}
