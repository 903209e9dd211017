// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.ServiceAccounts;
import dev.spangard.telemetry.Address;
import dev.spangard.telemetry.Conversation;
import dev.spangard.telemetry.Exchange;
import dev.spangard.telemetry.Failure;
import dev.spangard.telemetry.Request;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.Attributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads records of requests that are not sampled: only what measurements need. Used by the peer's thread only. */
final class UnsampledRecordReader {
    private static final int UNSAMPLED_FIELDS = 15;
    private static final int UNSAMPLED_WEBSOCKET_FIELDS = 10;
    private static final int OPEN_UNSAMPLED_FIELDS = 6;
    private static final int MEASUREMENT_FACTS = 5;

    private final Telemetry telemetry;
    private final ServiceAccounts accounts;
    private final OpenRequests openRequests;

    UnsampledRecordReader(Service service, OpenRequests openRequests) {
        this.telemetry = service.telemetry();
        this.accounts = service.accounts();
        this.openRequests = openRequests;
    }

    /**
     * Reads the record of a request that is finished.
     *
     * @param announced whether an OPEN record went ahead
     */
    void http(boolean announced, int fields, MarshalReader in, BatchClock clock, Attributes measuredWith) {
        Fields.expect(in, announced ? UNSAMPLED_FIELDS + 1 : UNSAMPLED_FIELDS, fields);
        long start = clock.readNanos(in);
        long end = clock.readNanos(in);
        String method = Fields.repeatedOrNone(in);
        String scheme = Fields.scheme(in, Request.Kind.HTTP);
        String version = Fields.httpVersion(in);
        String route = Fields.repeatedOrNone(in);
        int status = in.int32Or(0);
        long requestBytes = in.int64Or(0);
        long responseBytes = in.int64Or(0);
        double first = in.float64Or(0);
        double complete = in.float64Or(0);
        Failure failure = Fields.briefFailure(in);
        Left left = Left.read(in);
        Request request = request(Request.Kind.HTTP, method, scheme, version, in);
        if (announced) {
            openRequests.ended(in.unsigned64());
        }
        Conversation conversation = telemetry.conversation();
        conversation.requestBody(requestBytes);
        long leftNanos = left.at == 0 ? 0 : clock.nanos(in, left.at);
        if (left.stage == Left.BEFORE) {
            conversation.left(leftNanos);
        }
        if (status != 0) {
            conversation.responseStarted();
            conversation.status(status);
        }
        if (left.stage == Left.OF_AN_EVENT_STREAM) {
            conversation.eventStream();
        }
        if (first != 0) {
            conversation.responseBody(clock.nanos(in, first), responseBytes, false);
        }
        if (left.stage == Left.WHOLE) {
            conversation.responseBody(leftNanos, 0, true);
        } else if (left.at != 0) {
            conversation.left(leftNanos);
        }
        if (complete != 0) {
            conversation.responseBody(clock.nanos(in, complete), 0, true);
        }
        measure(telemetry.exchange(request, conversation, start), route, failure, end, measuredWith);
    }

    /**
     * How a response that was not ended was left.
     *
     * @param at a reading; 0 if nobody told when
     * @param stage NEVER, or one of those in docs/wire-protocol.md
     */
    private record Left(double at, int stage) {
        static final int NEVER = -1;
        static final int BEFORE = 0;
        static final int WHOLE = 2;
        static final int OF_AN_EVENT_STREAM = 3;

        private static final Left NOT = new Left(0, NEVER);

        static Left read(MarshalReader in) {
            if (!in.nextIsSequence()) {
                in.skip();
                return NOT;
            }
            if (in.sequence() != 2) {
                throw in.malformed("left without its 2 fields");
            }
            return new Left(in.float64Or(0), in.int32Or(NEVER));
        }
    }

    /**
     * Reads the record of a WebSocket that has ended.
     *
     * @param announced whether an OPEN record went ahead
     */
    void webSocket(boolean announced, int fields, MarshalReader in, BatchClock clock, Attributes measuredWith) {
        Fields.expect(in, announced ? UNSAMPLED_WEBSOCKET_FIELDS + 1 : UNSAMPLED_WEBSOCKET_FIELDS, fields);
        long start = clock.readNanos(in);
        long end = clock.readNanos(in);
        String method = Fields.repeatedOrNone(in);
        String scheme = Fields.scheme(in, Request.Kind.WEBSOCKET);
        String version = Fields.httpVersion(in);
        String route = Fields.repeatedOrNone(in);
        Conversation conversation = telemetry.conversation();
        EventReader.replay(in, clock, conversation);
        Failure failure = Fields.briefFailure(in);
        Request request = request(Request.Kind.WEBSOCKET, method, scheme, version, in);
        if (announced) {
            openRequests.ended(in.unsigned64());
        }
        measure(telemetry.exchange(request, conversation, start), route, failure, end, measuredWith);
    }

    /** Makes the request with what the recorder sends besides, where the configuration asks for it. */
    private static Request request(
            Request.Kind kind,
            @Nullable String method,
            @Nullable String scheme,
            @Nullable String version,
            MarshalReader in) {
        Request.Builder request =
                Request.builder(kind).method(method).scheme(scheme).httpVersion(version);
        if (!in.nextIsSequence()) {
            in.skip();
            return request.build();
        }
        Fields.expect(in, MEASUREMENT_FACTS, in.sequence());
        Address server = Fields.address(in);
        Address client = Fields.address(in);
        String host = Fields.repeatedBytesAsText(in);
        String userAgent = Fields.repeatedBytesAsText(in);
        List<String> headers = Fields.headers(in);
        return request.server(server)
                .client(client)
                .host(host)
                .userAgent(userAgent)
                .capturedHeaders(headers)
                .build();
    }

    private void measure(
            Exchange exchange,
            @Nullable String route,
            @Nullable Failure failure,
            long epochNanos,
            Attributes measuredWith) {
        exchange.route(route);
        if (failure != null) {
            exchange.failed(failure);
        }
        exchange.measuredWith(measuredWith);
        exchange.endUnsampled(epochNanos);
        accounts.measure(1);
    }

    /**
     * Reads an OPEN record.
     *
     * @param from where the record begins
     */
    void open(Request.Kind kind, int fields, int from, MarshalReader in, BatchClock clock) {
        Fields.expect(in, OPEN_UNSAMPLED_FIELDS, fields);
        long start = clock.readNanos(in);
        long spanId = in.unsigned64();
        String method = Fields.repeatedOrNone(in);
        String scheme = Fields.scheme(in, kind);
        Exchange exchange = telemetry.exchange(request(kind, method, scheme, null, in), start);
        openRequests.opened(spanId, new OpenRequests.OpenStable(exchange, null), in.position() - from);
    }
}
