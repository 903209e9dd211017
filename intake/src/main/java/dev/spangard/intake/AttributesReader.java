// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.common.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads dicts of attributes. What is no attribute in them is left out alone, as OpenTelemetry's SDKs do; the record
 * stands. Used with its cursor, by one thread.
 */
final class AttributesReader {
    /** How deep lists and dicts may be inside the value of an attribute, itself included. */
    static final int MAX_NESTING = 6;

    private final MarshalReader in;
    private final boolean isExtended;
    private final int maxText;

    private AttributesReader(MarshalReader in, boolean isExtended, int maxText) {
        this.in = in;
        this.isExtended = isExtended;
        this.maxText = maxText;
    }

    /** Reads scalars, and lists of scalars of one type. */
    static AttributesReader simple(MarshalReader in) {
        return new AttributesReader(in, false, Limits.TEXT);
    }

    /** Reads all values that OpenTelemetry has: bytes, None, dicts and lists of any of these, too, and longer texts. */
    static AttributesReader extended(MarshalReader in) {
        return new AttributesReader(in, true, Limits.API_TEXT);
    }

    /** Reads a dict; none for any other value. */
    Attributes read() {
        if (!in.nextIsDict()) {
            in.skip();
            return Attributes.empty();
        }
        AttributesBuilder attributes = Attributes.builder();
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

    private void attribute(AttributesBuilder to, String key) {
        int from = in.position();
        try {
            switch (value()) {
                case String text -> to.put(key, text);
                case Boolean bool -> to.put(key, bool);
                case Long integer -> to.put(key, integer);
                case Double number -> to.put(key, number);
                case List<?> list when isOfOneType(list) -> putList(to, key, list);
                case Value<?> other -> to.put(AttributeKey.valueKey(key), other);
                case Object other when isExtended -> to.put(AttributeKey.valueKey(key), nested(other));
                case null, default -> {}
            }
        } catch (MalformedException e) {
            in.position(from);
            in.skip();
        }
    }

    private @Nullable Object value() {
        if (in.nextIsSequence()) {
            return list(1);
        }
        return isExtended ? any(1) : scalar();
    }

    /** Reads a scalar of the four types; null of any other value. */
    private @Nullable Object scalar() {
        if (in.nextIsStr()) {
            return in.str(maxText);
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
        in.skip();
        return null;
    }

    private List<Object> list(int depth) {
        List<Object> values = new ArrayList<>();
        for (int left = in.sequence(); left > 0; left--) {
            Object element = isExtended ? any(depth + 1) : in.nextIsSequence() ? null : scalar();
            if (element == null) {
                throw in.malformed("a list of something else than str, bool, int or float");
            }
            values.add(element);
        }
        return values;
    }

    /** Reads a value of any type; what has no type of Java's own as {@link Value}. */
    private @Nullable Object any(int depth) {
        if (depth > MAX_NESTING) {
            throw in.malformed("values are nested deeper than " + MAX_NESTING);
        }
        if (in.nextIsNone()) {
            return Value.empty();
        }
        if (in.nextIsBytes()) {
            return Value.of(in.bytes());
        }
        if (in.nextIsSequence()) {
            return list(depth);
        }
        return in.nextIsDict() ? map(depth) : scalar();
    }

    private Value<?> map(int depth) {
        Map<String, Value<?>> values = new LinkedHashMap<>();
        in.dict();
        while (!in.dictEnds()) {
            String key = in.str(Limits.TEXT);
            Object value = any(depth + 1);
            if (value != null) {
                values.put(key, nested(value));
            }
        }
        return Value.of(values);
    }

    private static Value<?> nested(Object value) {
        return switch (value) {
            case Value<?> nested -> nested;
            case String text -> Value.of(text);
            case Boolean bool -> Value.of(bool);
            case Long integer -> Value.of(integer);
            case Double number -> Value.of(number);
            case List<?> list -> {
                List<Value<?>> elements = new ArrayList<>();
                list.forEach(element -> elements.add(nested(element)));
                yield Value.of(elements);
            }
            default -> throw new IllegalArgumentException(value.getClass().getName());
        };
    }

    private static boolean isOfOneType(List<?> list) {
        return list.isEmpty()
                || all(list, String.class)
                || all(list, Boolean.class)
                || all(list, Long.class)
                || all(list, Double.class);
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
        } else {
            to.put(
                    AttributeKey.doubleArrayKey(key),
                    list.stream().map(Double.class::cast).toList());
        }
    }

    private static boolean all(List<?> list, Class<?> type) {
        return list.stream().allMatch(type::isInstance);
    }
}
