// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.export.Json;
import dev.spangard.settings.Printable;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How a record of the engine's log is one line, whatever a client, a collector or a library has put into it. */
enum LogFormat {
    /** {@code TIME LEVEL message: exception: its cause}. */
    TEXT {
        @Override
        String line(Instant time, String level, String logger, String message, @Nullable Throwable thrown) {
            var line = new StringBuilder(160);
            TIME.formatTo(time, line);
            line.append(' ').append(level).repeat(' ', Math.max(0, 5 - level.length()));
            line.append(' ').append(Printable.of(withoutUserInfo(message)));
            String exception = exception(thrown);
            if (exception != null) {
                line.append(": ").append(Printable.of(exception));
            }
            return line.toString();
        }
    },
    /** An object with {@code time}, {@code level}, {@code logger}, {@code message} and, if there is one, {@code exception}. */
    JSON {
        @Override
        String line(Instant time, String level, String logger, String message, @Nullable Throwable thrown) {
            var line = new StringBuilder(240);
            line.append("{\"time\":\"");
            TIME.formatTo(time, line);
            line.append("\",\"level\":").append(Json.quoted(level));
            line.append(",\"logger\":").append(Json.quoted(logger));
            line.append(",\"message\":").append(Json.quoted(withoutUserInfo(message)));
            String exception = exception(thrown);
            if (exception != null) {
                line.append(",\"exception\":").append(Json.quoted(exception));
            }
            return line.append('}').toString();
        }
    };

    /** The most characters of a message, and of an exception with its causes, before they are escaped. */
    static final int LONGEST = 4096;

    private static final int MOST_CAUSES = 8;

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** User and password of a URL. Libraries name the address they failed at. */
    private static final Pattern USER_INFO = Pattern.compile("://[^/\\s]*@");

    /**
     * Returns a record as one line, without its end.
     *
     * @param level DEBUG, INFO, WARN or ERROR
     */
    abstract String line(Instant time, String level, String logger, String message, @Nullable Throwable thrown);

    private static @Nullable String exception(@Nullable Throwable thrown) {
        if (thrown == null) {
            return null;
        }
        var text = new StringBuilder(80);
        int causes = 0;
        for (Throwable cause = thrown; cause != null && causes < MOST_CAUSES; cause = cause.getCause(), causes++) {
            text.append(causes == 0 ? "" : ": ").append(cause.getClass().getName());
            String why = cause.getMessage();
            if (why != null) {
                text.append(": ").append(why, 0, Math.min(why.length(), LONGEST));
            }
        }
        return withoutUserInfo(text.toString());
    }

    private static String withoutUserInfo(String text) {
        String shorter = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
        return shorter.indexOf('@') < 0 ? shorter : USER_INFO.matcher(shorter).replaceAll("://***@");
    }
}
