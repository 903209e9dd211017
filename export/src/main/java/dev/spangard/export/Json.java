// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.api.common.AttributeType;
import io.opentelemetry.api.common.Attributes;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON as Python's {@code json.dumps(value, indent=4)} does: the same line breaks, non-ASCII escaped, floats in
 * Python's spelling. Calls nest as the value does; a misuse makes wrong JSON, not an exception. Not thread-safe.
 */
public final class Json {
    private final StringBuilder out = new StringBuilder(1024);
    private int depth;
    /** Whether the innermost object or array has an element already. */
    private boolean follows;

    /** Begins an object. */
    public Json object() {
        return open('{');
    }

    /** Ends the innermost object. */
    public Json endObject() {
        return close('}');
    }

    /** Begins an array. */
    public Json array() {
        return open('[');
    }

    /** Ends the innermost array. */
    public Json endArray() {
        return close(']');
    }

    /** Begins a member of an object; its value follows. */
    public Json key(String key) {
        element();
        string(key);
        out.append(": ");
        return this;
    }

    /** Begins an element of an array; its value follows. */
    public Json element() {
        if (follows) {
            out.append(',');
        }
        newLine();
        follows = true;
        return this;
    }

    /** Writes a string, or null. */
    public Json value(@Nullable String value) {
        if (value == null) {
            out.append("null");
        } else {
            string(value);
        }
        return this;
    }

    /** Writes an integer. */
    public Json value(long value) {
        out.append(value);
        return this;
    }

    /** Writes an integer of any size, as Python's are. */
    Json number(BigInteger value) {
        out.append(value);
        return this;
    }

    /** Writes true or false. */
    public Json value(boolean value) {
        out.append(value);
        return this;
    }

    /** Writes a float in Python's spelling. */
    public Json value(double value) {
        out.append(pythonFloat(value));
        return this;
    }

    /** Writes attributes as an object. */
    public Json value(Attributes attributes) {
        object();
        attributes.forEach((key, value) -> {
            key(key.getKey());
            if (key.getType() == AttributeType.VALUE) {
                value(String.valueOf(value));
            } else {
                attribute(value);
            }
        });
        return endObject();
    }

    private void attribute(Object value) {
        switch (value) {
            case String text -> value(text);
            case Long number -> value((long) number);
            case Double number -> value((double) number);
            case Boolean truth -> value((boolean) truth);
            case List<?> list -> {
                array();
                for (Object item : list) {
                    element();
                    attribute(item);
                }
                endArray();
            }
            default -> value(value.toString());
        }
    }

    private Json open(char bracket) {
        out.append(bracket);
        depth++;
        follows = false;
        return this;
    }

    private Json close(char bracket) {
        depth--;
        if (follows) {
            newLine();
        }
        out.append(bracket);
        follows = true;
        return this;
    }

    private void newLine() {
        out.append('\n');
        out.repeat(' ', 4 * depth);
    }

    private void string(String text) {
        quote(text, out);
    }

    /** The text as a JSON string, its quotes included, in printable ASCII. */
    public static String quoted(String text) {
        var out = new StringBuilder(text.length() + 16);
        quote(text, out);
        return out.toString();
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c >= ' ' && c < 0x7f) {
                        out.append(c);
                    } else {
                        out.append(String.format("\\u%04x", (int) c));
                    }
                }
            }
        }
        out.append('"');
    }

    /**
     * A float as Python's {@code repr} has it: digits between 1e-4 and 1e16, else an exponent of two digits at least.
     */
    static String pythonFloat(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "Infinity" : "-Infinity";
        }
        double size = Math.abs(value);
        if (size == 0 || (size >= 1e-4 && size < 1e16)) {
            String plain =
                    new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
            String signed = value == 0 && 1 / value < 0 ? "-0.0" : plain;
            return signed.indexOf('.') < 0 ? signed + ".0" : signed;
        }
        String java = Double.toString(value);
        int e = java.indexOf('E');
        String digits = java.substring(0, e);
        int exponent = Integer.parseInt(java.substring(e + 1));
        return (digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits)
                + (exponent < 0 ? "e-" : "e+")
                + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
