// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.ApplicationSpan;
import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads the field {@code span} of a record: what the application did with the current span. */
final class ApplicationSpanReader {
    private static final int FIELDS = 5;

    private final MarshalReader in;

    ApplicationSpanReader(MarshalReader in) {
        this.in = in;
    }

    /** Reads the field; null where there is none. What in it is of no use is left out alone. */
    @Nullable
    ApplicationSpan read() {
        if (!in.nextIsSequence()) {
            in.skip();
            return null;
        }
        if (in.sequence() != FIELDS) {
            throw in.malformed("span without its " + FIELDS + " fields");
        }
        String name = Fields.textOrNone(in, Limits.TEXT);
        Attributes attributes = attributes();
        List<ApplicationSpan.Event> events = all(this::event);
        Status status = oneOr(this::status, new Status(StatusCode.UNSET, null));
        List<ApplicationSpan.Link> links = all(this::link);
        return new ApplicationSpan(name, attributes, events, status.code, status.description, links);
    }

    /** Reads of a list those elements that can be read. */
    private <T> List<T> all(Supplier<T> read) {
        List<T> found = new ArrayList<>();
        if (!in.nextIsSequence()) {
            in.skip();
            return found;
        }
        for (int left = in.sequence(); left > 0; left--) {
            T one = oneOr(read, null);
            if (one != null) {
                found.add(one);
            }
        }
        return found;
    }

    private <T extends @Nullable Object> T oneOr(Supplier<? extends T> read, T otherwise) {
        int from = in.position();
        try {
            return read.get();
        } catch (MalformedException e) {
            in.position(from);
            in.skip();
            return otherwise;
        }
    }

    private ApplicationSpan.Event event() {
        Fields.begin(in, 3);
        String name = in.str(Limits.TEXT);
        Long epochNanos = oneOr(in::int64, null);
        return new ApplicationSpan.Event(name, epochNanos, attributes());
    }

    private ApplicationSpan.Link link() {
        Fields.begin(in, 4);
        long low = in.unsigned128();
        String traceId = TraceId.fromLongs(in.high(), low);
        String spanId = SpanId.fromLong(in.unsigned64());
        TraceFlags flags = TraceFlags.fromByte((byte) in.int32Or(0));
        return new ApplicationSpan.Link(
                SpanContext.createFromRemoteParent(traceId, spanId, flags, TraceState.getDefault()), attributes());
    }

    private record Status(StatusCode code, @Nullable String description) {}

    private Status status() {
        Fields.begin(in, 2);
        return new Status(statusCode(), Fields.textOrNone(in, Limits.TEXT));
    }

    private StatusCode statusCode() {
        int code = in.int32();
        return switch (code) {
            case 0 -> StatusCode.UNSET;
            case 1 -> StatusCode.OK;
            case 2 -> StatusCode.ERROR;
            default -> throw in.malformed("status code " + code);
        };
    }

    /** Reads a dict of attributes alone; none for any other value. */
    Attributes attributes() {
        AttributesBuilder attributes = Attributes.builder();
        if (!in.nextIsDict()) {
            in.skip();
            return attributes.build();
        }
        in.dict();
        while (!in.dictEnds()) {
            if (in.nextIsStr()) {
                attribute(attributes, in.repeatedStr(Limits.TEXT));
            } else {
                in.skip();
                in.skip();
            }
        }
        return attributes.build();
    }

    /** Reads one value. One of another type than OpenTelemetry's is left out, as its SDKs do; the record stands. */
    private void attribute(AttributesBuilder to, String key) {
        int from = in.position();
        try {
            switch (value()) {
                case String text -> to.put(key, text);
                case Boolean bool -> to.put(key, bool);
                case Long integer -> to.put(key, integer);
                case Double number -> to.put(key, number);
                case List<?> list -> putList(to, key, list);
                case null, default -> {}
            }
        } catch (MalformedException e) {
            in.position(from);
            in.skip();
        }
    }

    private @Nullable Object value() {
        if (in.nextIsStr()) {
            return in.str(Limits.TEXT);
        }
        if (in.nextIsBool()) {
            return in.bool();
        }
        if (in.nextIsInt()) {
            return in.int64();
        }
        if (in.nextIsFloat()) {
            return in.float64();
        }
        if (in.nextIsSequence()) {
            List<Object> values = new ArrayList<>();
            for (int left = in.sequence(); left > 0; left--) {
                Object element = in.nextIsSequence() ? null : value();
                if (element == null) {
                    throw in.malformed("a list of something else than str, bool, int or float");
                }
                values.add(element);
            }
            return values;
        }
        in.skip();
        return null;
    }

    private static void putList(AttributesBuilder to, String key, List<?> list) {
        if (list.isEmpty() || all(list, String.class)) {
            to.put(
                    AttributeKey.stringArrayKey(key),
                    list.stream().map(String.class::cast).toList());
        } else if (all(list, Boolean.class)) {
            to.put(
                    AttributeKey.booleanArrayKey(key),
                    list.stream().map(Boolean.class::cast).toList());
        } else if (all(list, Long.class)) {
            to.put(
                    AttributeKey.longArrayKey(key),
                    list.stream().map(Long.class::cast).toList());
        } else if (all(list, Double.class)) {
            to.put(
                    AttributeKey.doubleArrayKey(key),
                    list.stream().map(Double.class::cast).toList());
        }
    }

    private static boolean all(List<?> list, Class<?> type) {
        return list.stream().allMatch(type::isInstance);
    }
}
