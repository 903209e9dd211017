// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Lets a message into the log {@value #BURST} times a minute and counts the others, so that neither a collector that is
 * down nor a hostile peer fills a disk. Messages that differ in their digits only are the same message.
 *
 * <p>Memory is bounded: {@value #MESSAGES} messages are told apart, all further ones of a level count as one. Thread-safe.
 */
final class LogThrottle {
    static final int BURST = 5;
    static final Duration WINDOW = Duration.ofMinutes(1);
    static final int MESSAGES = 256;
    /** The characters of a message by which it is told from others. */
    private static final int COMPARED = 120;

    private static final Pattern DIGITS = Pattern.compile("[0-9]+");

    /** A message that was left out of the log so many times; {@code message} is one of them. */
    record Suppressed(String level, String logger, String message, long count) {}

    private static final class Window {
        final long begun;
        final String level;
        final String logger;
        final String message;
        long passed;
        long suppressed;

        Window(long begun, String level, String logger, String message) {
            this.begun = begun;
            this.level = level;
            this.logger = logger;
            this.message = message;
        }
    }

    private final LongSupplier nanoTime;
    /** The messages of the minutes under way, in the order in which they began; guarded by this. */
    private final Map<String, Window> windows = new LinkedHashMap<>();

    LogThrottle(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Whether this message goes into the log. {@link #ended} is to be called before: it makes room. */
    synchronized boolean admits(String level, String logger, String message) {
        String key = level + ' ' + logger + ' ' + comparable(message);
        if (!windows.containsKey(key) && windows.size() >= MESSAGES) {
            key = level;
        }
        Window window = windows.computeIfAbsent(
                key, absent -> new Window(nanoTime.getAsLong(), level, logger, shortened(message)));
        if (window.passed < BURST) {
            window.passed++;
            return true;
        }
        window.suppressed++;
        return false;
    }

    /** Removes and returns what was suppressed in minutes that are over. */
    synchronized List<Suppressed> ended() {
        long now = nanoTime.getAsLong();
        return removed(window -> now - window.begun >= WINDOW.toNanos());
    }

    /** Removes and returns all that was suppressed, as {@link #ended} does: for the end. */
    synchronized List<Suppressed> rest() {
        return removed(window -> true);
    }

    private List<Suppressed> removed(Predicate<Window> which) {
        List<Suppressed> told = new ArrayList<>();
        windows.values().removeIf(window -> {
            boolean over = which.test(window);
            if (over && window.suppressed > 0) {
                told.add(new Suppressed(window.level, window.logger, window.message, window.suppressed));
            }
            return over;
        });
        return told;
    }

    private static String comparable(String message) {
        return DIGITS.matcher(shortened(message)).replaceAll("0");
    }

    private static String shortened(String message) {
        return message.length() <= COMPARED ? message : message.substring(0, COMPARED);
    }
}
