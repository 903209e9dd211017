// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.util.Comparator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Which flag of {@link EngineOptions#HELP} somebody may have meant who gave one that there is not. */
final class FlagSpelling {
    private static final Pattern FLAG = Pattern.compile("--[a-z-]+");

    private FlagSpelling() {}

    /** Returns the flag that is most like this one, as a question in brackets; nothing if none is much like it. */
    static String advice(String given) {
        String meant = given.replace('_', '-');
        return FLAG.matcher(EngineOptions.HELP)
                .results()
                .map(MatchResult::group)
                .filter(flag -> 3 * distance(flag, meant) <= flag.length())
                .min(Comparator.comparingInt(flag -> distance(flag, meant)))
                .map(flag -> " (did you mean " + flag + "?)")
                .orElse("");
    }

    /** How many characters are to be put in, taken out or changed to make one text of the other (Levenshtein). */
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int above = row[j];
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(changed, 1 + Math.min(above, row[j - 1]));
                diagonal = above;
            }
        }
        return row[other.length()];
    }
}
