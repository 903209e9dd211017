// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.telemetry.ApplicationSpan;
import dev.spangard.telemetry.ChildSpan;
import dev.spangard.telemetry.Failure;
import dev.spangard.telemetry.Request;
import dev.spangard.telemetry.UpstreamExchange;
import dev.spangard.telemetry.UpstreamRequest;
import dev.spangard.telemetry.UpstreamRequest.Endpoint;
import dev.spangard.telemetry.UpstreamResult;
import dev.spangard.telemetry.UpstreamStatus;
import dev.spangard.telemetry.UpstreamTelemetry;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.Attributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of the {@code upstream} profile (docs/wire-protocol.md, Upstream records). What is malformed is the
 * caller's to count. Used by the peer's thread only.
 */
final class UpstreamRecordReader {
    private static final int OPEN_FIELDS = 21;
    private static final int FINISHED_FIELDS = 32;
    private static final int CHILDREN_FIELDS = 10;

    private static final int SAMPLED = 1;
    private static final int INTERNAL = 2;
    private static final int CANCELLED = 1;
    private static final int DISCONNECTED = 2;

    private final UpstreamTelemetry telemetry;
    private final ServiceAccounts accounts;
    private final RecordedIds.Slot ids;
    private final OpenRequests openRequests;

    UpstreamRecordReader(Service service, RecordedIds.Slot ids, OpenRequests openRequests) {
        this.telemetry = service.upstream();
        this.accounts = service.accounts();
        this.ids = ids;
        this.openRequests = openRequests;
    }

    /**
     * Reads an OPEN record: the request is remembered until it ends.
     *
     * @param from position of the record
     */
    void open(Request.Kind kind, int fields, int from, MarshalReader in, BatchClock clock) {
        Fields.expect(in, OPEN_FIELDS, fields);
        Begun begun = begun(kind, in, clock);
        openRequests.opened(
                begun.position.spanId(),
                new OpenRequests.OpenUpstream(begun.exchange, begun.position, begun.sampled),
                in.position() - from);
    }

    /**
     * Reads the record of a request that is finished.
     *
     * @param shouldShed whether it is to be measured only
     */
    void finished(Request.Kind kind, boolean shouldShed, int fields, MarshalReader in, BatchClock clock) {
        Fields.expect(in, FINISHED_FIELDS, fields);
        Begun begun = begun(kind, in, clock);
        long returned = clock.readNanos(in);
        double end = in.float64Or(0);
        long ended = end == 0 ? 0 : clock.nanos(in, end);
        String target = Fields.repeatedOrNone(in);
        UpstreamStatus status = ChildReader.status(in);
        long received = Math.max(0, in.int64Or(0));
        long sent = in.int64Or(0);
        List<String> headers = Fields.headers(in);
        int outcome = in.int32Or(0);
        Failure failure = Fields.failure(in);
        ApplicationSpan application = new ApplicationSpanReader(in).read();
        List<ChildSpan> children = new ChildReader(in, clock).read();
        var result = new UpstreamResult(
                ended,
                returned,
                target,
                status,
                received,
                sent,
                headers,
                failure,
                (outcome & CANCELLED) != 0,
                (outcome & DISCONNECTED) != 0,
                null,
                application);
        openRequests.ended(begun.position.spanId());
        if (shouldShed && begun.sampled) {
            begun.exchange.endUnsampled(result);
            accounts.drop(DropReason.INTAKE, 1);
        } else {
            end(begun.exchange, begun.position, begun.sampled, result, children);
        }
    }

    /** Reads the messages of a request that goes on, or whose record follows. */
    void children(int fields, MarshalReader in, BatchClock clock) {
        Fields.expect(in, CHILDREN_FIELDS, fields);
        TracePosition position = TracePosition.read(in);
        Request.Kind kind = in.int32() == 0 ? Request.Kind.HTTP : Request.Kind.WEBSOCKET;
        String name = Fields.repeatedOrNone(in);
        String method = Fields.repeatedOrNone(in);
        String path = Fields.path(in);
        List<ChildSpan> children = new ChildReader(in, clock).read();
        try {
            telemetry.children(children, position.span(), kind, name, method, path, ids::set);
        } finally {
            ids.clear();
        }
    }

    /** Ends a request whose process is gone, as {@code errorType} says. */
    void workerEnded(OpenRequests.OpenUpstream open, String errorType, long epochNanos) {
        var result = UpstreamResult.workerEnded(errorType, epochNanos);
        end(open.exchange(), open.position(), open.sampled(), result, List.of());
    }

    private void end(
            UpstreamExchange exchange,
            TracePosition position,
            boolean sampled,
            UpstreamResult result,
            List<ChildSpan> children) {
        if (!sampled) {
            exchange.endUnsampled(result);
            accounts.measure(1);
            return;
        }
        ids.set(position.traceHigh(), position.traceLow(), position.spanId());
        try {
            exchange.end(position.parent(), result, children, ids::set);
        } finally {
            ids.clear();
        }
    }

    private record Begun(UpstreamExchange exchange, TracePosition position, boolean sampled) {}

    private Begun begun(Request.Kind kind, MarshalReader in, BatchClock clock) {
        long start = clock.readNanos(in);
        int flags = in.int32();
        TracePosition position = TracePosition.read(in);
        String name = Fields.repeatedOrNone(in);
        Attributes details = AttributesReader.simple(in).read();
        String method = Fields.repeatedOrNone(in);
        String scheme = Fields.repeatedOrNone(in);
        String version = Fields.repeatedOrNone(in);
        String path = Fields.path(in);
        String query = Fields.bytesAsText(in);
        Endpoint server = endpoint(in);
        Endpoint client = endpoint(in);
        String host = Fields.repeatedBytesAsText(in);
        String serverName = Fields.repeatedBytesAsTextOrNone(in);
        String userAgent = Fields.repeatedBytesAsText(in);
        List<String> headers = Fields.headers(in);
        long pid = in.int64Or(0);
        var request = new UpstreamRequest(
                kind,
                (flags & INTERNAL) != 0,
                name,
                details,
                method,
                scheme,
                version,
                path,
                query,
                server,
                client,
                host,
                serverName,
                userAgent,
                headers,
                pid);
        return new Begun(telemetry.exchange(request, start), position, (flags & SAMPLED) != 0);
    }

    /** Reads {@code [host, port]} with whatever a server puts there; None, or a sequence of nothing, is none. */
    private static @Nullable Endpoint endpoint(MarshalReader in) {
        if (!in.nextIsSequence()) {
            in.skip();
            return null;
        }
        int from = in.position();
        int values = in.sequence();
        String host = values > 0 && in.nextIsStr() ? in.repeatedStr(Limits.TEXT) : null;
        if (host == null && values > 0) {
            in.skip();
        }
        String port = Endpoint.NONE;
        if (values > 1) {
            if (in.nextIsStr()) {
                port = in.repeatedStr(Limits.TEXT);
            } else if (in.nextIsInt()) {
                port = Long.toString(in.int64Or(0));
            }
        }
        in.position(from);
        in.skip();
        return values == 0 ? null : new Endpoint(host, port);
    }
}
