// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ByteString;
import dev.spangard.asgi.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Takes the headers that were asked for, and hides the values of those that hold secrets. Thread-safe. */
final class HeaderCapture {
    private static final String REDACTED = "[REDACTED]";
    /** The most names that are remembered; with more, they are matched anew each time. */
    private static final int MAX_NAMES = 256;
    /** The most bytes of a name that is remembered. */
    private static final int MAX_NAME_LENGTH = 64;

    private final Pattern wanted;
    private final @Nullable Pattern hidden;
    private final Map<ByteString, Found> known = new ConcurrentHashMap<>();

    private enum Verdict {
        LEAVE,
        TAKE,
        HIDE
    }

    private record Found(String name, Verdict verdict) {}

    private HeaderCapture(Pattern wanted, @Nullable Pattern hidden) {
        this.wanted = wanted;
        this.hidden = hidden;
    }

    /**
     * Makes the capture of what is wanted; null if nothing is.
     *
     * @param wanted regular expressions that match a whole name
     * @param hidden regular expressions that are found in the names of those with secrets
     */
    static @Nullable HeaderCapture of(List<String> wanted, List<String> hidden) {
        return wanted.isEmpty() ? null : new HeaderCapture(any(wanted), hidden.isEmpty() ? null : any(hidden));
    }

    private static Pattern any(List<String> expressions) {
        return Pattern.compile(String.join("|", expressions), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    }

    /** Returns the headers that are wanted: {@code name, value, name, value …}. */
    List<String> take(Headers headers) {
        List<String> taken = new ArrayList<>();
        int end = Math.min(headers.size(), CapturedHeaders.MAX_LINES);
        for (int line = 0; line < end; line++) {
            Found found = find(headers.name(line));
            if (found.verdict != Verdict.LEAVE) {
                taken.add(found.name);
                taken.add(
                        found.verdict == Verdict.HIDE
                                ? REDACTED
                                : headers.value(line).text());
            }
        }
        return taken;
    }

    private Found find(ByteString name) {
        Found found = known.get(name);
        if (found == null) {
            String text = name.text();
            found = new Found(text, judge(text));
            if (known.size() < MAX_NAMES && name.length() <= MAX_NAME_LENGTH) {
                known.put(name, found);
            }
        }
        return found;
    }

    private Verdict judge(String name) {
        if (!wanted.matcher(name).matches()) {
            return Verdict.LEAVE;
        }
        return hidden != null && hidden.matcher(name).find() ? Verdict.HIDE : Verdict.TAKE;
    }
}
