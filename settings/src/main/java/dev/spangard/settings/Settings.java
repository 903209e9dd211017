// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The environment variables of one application, read as the OpenTelemetry SDK for Python reads them: an empty value is
 * none, a number that is none is worth a warning and the default.
 *
 * <p>Immutable and thread-safe; {@code warnings} is called on the thread that reads.
 */
public final class Settings {
    /** How many series an instrument may have. */
    public static final String CARDINALITY_LIMIT = "SPANGARD_METRIC_CARDINALITY_LIMIT";
    /** As what exceptions are recorded. Without this variable there are no log records. */
    public static final String EXCEPTION_SIGNAL_OPT_IN = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN";

    private static final String OTLP = "OTEL_EXPORTER_OTLP_";

    private final Map<String, String> values;
    /** The most characters of the name of a resource's attribute, as the SDK has it. */
    private static final int MAX_ATTRIBUTE_NAME = 255;

    private final Consumer<String> warnings;

    /**
     * Makes settings of these variables.
     *
     * @param values by the variable's name; copied
     * @param warnings takes one line for each value that is not understood
     */
    public Settings(Map<String, String> values, Consumer<String> warnings) {
        this.values = Map.copyOf(values);
        this.warnings = warnings;
    }

    /**
     * Returns the application's variables over the engine's own. The engine's OTLP variables are a default only as a
     * whole: were they mixed, its credentials would go to an endpoint the application chose.
     */
    public static Map<String, String> overlay(Map<String, String> engine, Map<String, String> application) {
        boolean ownOtlp = application.keySet().stream().anyMatch(name -> name.startsWith(OTLP));
        Map<String, String> merged = new HashMap<>(application);
        engine.forEach((name, value) -> {
            boolean ofOtel = name.startsWith("OTEL_");
            if (ofOtel && !(ownOtlp && name.startsWith(OTLP))) {
                merged.putIfAbsent(name, value);
            }
        });
        return merged;
    }

    /** Returns all variables in one order, so that equal settings are equal texts. */
    public Map<String, String> sorted() {
        return new TreeMap<>(values);
    }

    /** Returns the value of a variable, blanks around it dropped; null if there is none or it is blank. */
    @Nullable
    public String text(String name) {
        String value = values.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    /** Returns the value of a variable, as {@link #text(String)} does; {@code otherwise} where that is null. */
    public String text(String name, String otherwise) {
        String value = text(name);
        return value == null ? otherwise : value;
    }

    /**
     * Whether the variable is {@code true}, in upper or lower case: all other values are false, with a warning if it is
     * not {@code false} either (OpenTelemetry, Boolean variables).
     */
    public boolean isTrue(String name) {
        String value = text(name);
        if (value == null || value.equalsIgnoreCase("false")) {
            return false;
        }
        if (!value.equalsIgnoreCase("true")) {
            warnings.accept(name + "=" + shortened(value) + " is neither true nor false; using false");
            return false;
        }
        return true;
    }

    /**
     * Returns the elements of a comma-separated list, blanks around and empty elements dropped; null if the variable is
     * not set.
     */
    @Nullable
    public List<String> list(String name) {
        String value = text(name);
        if (value == null) {
            return null;
        }
        List<String> elements = new ArrayList<>();
        for (String element : value.split(",", -1)) {
            if (!element.isBlank()) {
                elements.add(element.strip());
            }
        }
        return List.copyOf(elements);
    }

    /**
     * Reads {@code key=value,key=value} with percent-encoded values (W3C Baggage, as the specification has it for
     * headers and resource attributes). An element without {@code =} is left out with a warning that does not repeat
     * it.
     */
    Map<String, String> pairs(String name) {
        Map<String, String> pairs = new LinkedHashMap<>();
        List<String> elements = list(name);
        for (String element : elements == null ? List.<String>of() : elements) {
            int equals = element.indexOf('=');
            String key = equals < 0 ? "" : element.substring(0, equals).strip();
            if (key.isEmpty()) {
                warnings.accept(name + " has an element that is not key=value; it is left out");
            } else {
                pairs.put(key, Percent.decode(element.substring(equals + 1).strip()));
            }
        }
        return pairs;
    }

    /**
     * Reads {@code key=value,key=value} as the attributes of a resource, percent-encoded (W3C Baggage). A key that the
     * SDK takes for no attribute's name is left out with a warning.
     */
    public Map<String, String> attributes(String name) {
        Map<String, String> attributes = pairs(name);
        attributes.keySet().removeIf(key -> {
            boolean isNone = !isAttributeName(key);
            if (isNone) {
                warnings.accept(name + " has a key that is not printable ASCII of at most " + MAX_ATTRIBUTE_NAME
                        + " characters; it is left out");
            }
            return isNone;
        });
        return attributes;
    }

    private static boolean isAttributeName(String key) {
        return key.length() <= MAX_ATTRIBUTE_NAME && key.chars().allMatch(c -> c >= ' ' && c <= '~');
    }

    /**
     * Reads a whole number from {@code least} on; {@code otherwise} where there is none, with a warning if the value is
     * something else.
     */
    public int whole(String name, int otherwise, int least) {
        String value = text(name);
        if (value == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below, as for a number that is too small
        }
        warnings.accept(
                name + "=" + shortened(value) + " is not a whole number from " + least + "; using " + otherwise);
        return otherwise;
    }

    /** Reads a time in milliseconds, as all but the OTLP timeouts are. */
    public Duration millis(String name, Duration otherwise) {
        return Duration.ofMillis(whole(name, Math.toIntExact(otherwise.toMillis()), 1));
    }

    /**
     * Reads a timeout of OTLP. Python's exporters read seconds, the specification says milliseconds; users have set
     * either. Below 1000 it is seconds: nobody waits a quarter of an hour for one export, and no export is done in a
     * second's fraction that somebody wrote down on purpose.
     */
    Duration timeout(String name, Duration otherwise) {
        String value = text(name);
        if (value == null) {
            return otherwise;
        }
        try {
            double number = Double.parseDouble(value);
            if (number > 0 && number <= Integer.MAX_VALUE) {
                return Duration.ofMillis(Math.max(1, Math.round(number < 1000 ? number * 1000 : number)));
            }
        } catch (NumberFormatException e) {
            // said below
        }
        warnings.accept(name + "=" + shortened(value) + " is not a time; using " + otherwise.toSeconds() + " seconds");
        return otherwise;
    }

    /**
     * Gives a line to whoever takes the warnings.
     *
     * @param line one sentence without secrets
     */
    public void warn(String line) {
        warnings.accept(line);
    }

    /**
     * Returns the first 60 characters of a value, for messages: one that somebody pasted into the wrong variable may be
     * long.
     */
    public static String shortened(String value) {
        return value.length() <= 60 ? value : value.substring(0, 60) + "…";
    }
}
