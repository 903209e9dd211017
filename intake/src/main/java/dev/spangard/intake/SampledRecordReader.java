// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.telemetry.Conversation;
import dev.spangard.telemetry.Exchange;
import dev.spangard.telemetry.Failure;
import dev.spangard.telemetry.Request;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.Attributes;
import java.util.List;

/**
 * Reads the records of sampled requests, and what of their messages was sent ahead of them. What is malformed is the
 * caller's to count. Used by the peer's thread only.
 */
final class SampledRecordReader {
    private static final int SAMPLED_FIELDS = 28;
    private static final int EVENT_PART_FIELDS = 4;

    private final Telemetry telemetry;
    private final ServiceAccounts accounts;
    private final RecordedIds.Slot ids;
    private final IntakeCounters counters;
    private final OpenRequests openRequests;

    SampledRecordReader(Service service, RecordedIds.Slot ids, IntakeCounters counters, OpenRequests openRequests) {
        this.telemetry = service.telemetry();
        this.accounts = service.accounts();
        this.ids = ids;
        this.counters = counters;
        this.openRequests = openRequests;
    }

    /**
     * Reads an OPEN record: the request is remembered until it ends.
     *
     * @param from position of the record
     */
    void open(Request.Kind kind, int fields, int from, MarshalReader in, BatchClock clock) {
        read(kind, false, fields, from, in, clock, Attributes.empty());
    }

    /**
     * Reads the record of a request that is finished.
     *
     * @param shouldShed whether it is to be measured only
     * @param measuredWith attributes of the application's own for its measurements
     */
    void finished(
            Request.Kind kind,
            boolean shouldShed,
            int fields,
            MarshalReader in,
            BatchClock clock,
            Attributes measuredWith) {
        if (shouldShed) {
            Fields.expect(in, SAMPLED_FIELDS, fields);
            shed(kind, in, clock, measuredWith);
        } else {
            read(kind, true, fields, 0, in, clock, measuredWith);
        }
    }

    private void read(
            Request.Kind kind,
            boolean finished,
            int fields,
            int from,
            MarshalReader in,
            BatchClock clock,
            Attributes measuredWith) {
        Fields.expect(in, SAMPLED_FIELDS, fields);
        long start = clock.readNanos(in);
        long end = 0;
        if (finished) {
            end = clock.readNanos(in);
        } else {
            in.skip();
        }
        TracePosition position = TracePosition.read(in);
        Request.Builder request = Request.builder(kind)
                .method(Fields.repeatedOrNone(in))
                .scheme(Fields.scheme(in, kind))
                .httpVersion(Fields.httpVersion(in));
        in.skip(); // root_path: the path and the route contain it
        request.path(Fields.path(in)).query(Fields.bytesAsText(in));
        request.server(Fields.address(in)).client(Fields.address(in));
        request.host(Fields.repeatedBytesAsText(in)).userAgent(Fields.repeatedBytesAsText(in));
        in.skip(); // request_length: declared, not counted
        request.capturedHeaders(Fields.headers(in));
        String route = Fields.repeatedOrNone(in);
        int status = in.int32Or(0);
        in.skip(); // response_length: declared, not counted
        List<String> responseHeaders = Fields.headers(in);
        int eventsAt = in.position();
        in.skip();
        int partsAhead = in.int32Or(0);
        Failure failure = Fields.failure(in);
        var application = new ApplicationSpanReader(in).read();
        request.pid(in.int64Or(0));
        if (!finished) {
            Exchange exchange = telemetry.exchange(request.build(), start);
            exchange.route(route);
            openRequests.opened(
                    position.spanId(), new OpenRequests.OpenStable(exchange, position), in.position() - from);
            return;
        }
        Conversation conversation = conversation(position.spanId(), partsAhead);
        events(eventsAt, status, end, in, clock, conversation);
        Exchange exchange = telemetry.exchange(request.build(), conversation, start);
        exchange.route(route);
        exchange.responseHeaders(responseHeaders);
        if (failure != null) {
            exchange.failed(failure);
        }
        if (application != null) {
            exchange.application(application);
        }
        exchange.measuredWith(measuredWith);
        openRequests.ended(position.spanId());
        end(exchange, position, end);
    }

    /**
     * Reads the record of a finished, sampled request that there is no time to make a span of: only what metrics need.
     */
    private void shed(Request.Kind kind, MarshalReader in, BatchClock clock, Attributes measuredWith) {
        long start = clock.readNanos(in);
        long end = clock.readNanos(in);
        in.skip(); // trace
        long spanId = in.unsigned64();
        in.skip(); // tracestate
        in.skip(); // parent
        Request.Builder request = Request.builder(kind)
                .method(Fields.repeatedOrNone(in))
                .scheme(Fields.scheme(in, kind))
                .httpVersion(Fields.httpVersion(in));
        in.skip(); // root_path
        in.skip(); // path
        in.skip(); // query
        request.server(Fields.address(in)).client(Fields.address(in)).host(Fields.repeatedBytesAsText(in));
        in.skip(); // user_agent
        in.skip(); // request_length
        request.capturedHeaders(Fields.headers(in)); // a trusted proxy's may tell the scheme
        String route = Fields.repeatedOrNone(in);
        int status = in.int32Or(0);
        in.skip(); // response_length
        in.skip(); // response_headers
        int eventsAt = in.position();
        in.skip();
        Conversation conversation = conversation(spanId, in.int32Or(0));
        Failure failure = Fields.failure(in);
        in.skip(); // span
        in.skip(); // pid
        events(eventsAt, status, end, in, clock, conversation);
        Exchange exchange = telemetry.exchange(request.build(), conversation, start);
        exchange.route(route);
        if (failure != null) {
            exchange.failed(failure);
        }
        exchange.measuredWith(measuredWith);
        openRequests.ended(spanId);
        exchange.endUnsampled(end);
        accounts.drop(DropReason.INTAKE, 1);
    }

    /** Ends a request that was announced and whose process is gone. */
    void workerEnded(OpenRequests.OpenStable open, String errorType, long epochNanos) {
        Exchange exchange = open.exchange();
        exchange.workerEnded(errorType);
        TracePosition position = open.position();
        if (position == null) {
            exchange.endUnsampled(epochNanos);
            accounts.measure(1);
        } else {
            end(exchange, position, epochNanos);
        }
    }

    private void end(Exchange exchange, TracePosition position, long epochNanos) {
        ids.set(position.traceHigh(), position.traceLow(), position.spanId());
        try {
            exchange.end(position.parent(), epochNanos);
        } finally {
            ids.clear();
        }
    }

    private Conversation conversation(long spanId, int partsAhead) {
        OpenRequests.SentAhead ahead = openRequests.takeSentAhead(spanId);
        int parts = ahead == null ? 0 : ahead.parts;
        if (parts < partsAhead) {
            counters.lostEventParts.add(partsAhead - parts);
        }
        return ahead == null ? telemetry.conversation() : ahead.conversation;
    }

    /**
     * Replays the events of a finished request, from where they are in its record. A recorder that keeps no messages
     * has only the status.
     */
    private static void events(
            int at, int status, long end, MarshalReader in, BatchClock clock, Conversation conversation) {
        int after = in.position();
        in.position(at);
        if (in.nextIsSequence()) {
            EventReader.replay(in, clock, conversation);
        } else if (status != 0) {
            conversation.responseStarted();
            conversation.responseBody(end, 0, true);
        }
        in.position(after);
        if (status != 0) {
            conversation.status(status);
        }
    }

    /** Reads messages that were sent ahead of their request's record. */
    void eventPart(int fields, MarshalReader in, BatchClock clock) {
        Fields.expect(in, EVENT_PART_FIELDS, fields);
        long spanId = in.unsigned64();
        in.skip(); // part: their number, in the request's record, tells of missing ones
        OpenRequests.SentAhead ahead = openRequests.sentAhead(spanId);
        if (ahead == null) {
            in.skip();
            return;
        }
        EventReader.replay(in, clock, ahead.conversation);
        ahead.parts++;
    }
}
