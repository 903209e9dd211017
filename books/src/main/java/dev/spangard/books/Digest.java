// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What stands on disk for a text that has secrets in it: its SHA-256. Immutable.
 *
 * @param hex 64 digits
 */
public record Digest(String hex) {
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

    public Digest {
        if (!SHA_256.matcher(hex).matches()) {
            throw new IllegalArgumentException("not 64 hexadecimal digits: " + hex);
        }
    }

    /** The digest of the text in UTF-8. */
    public static Digest of(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return new Digest(HexFormat.of().formatHex(digest));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** The first 64 bits as a number that is never 0. */
    public long prefix64() {
        long prefix = Long.parseUnsignedLong(hex, 0, 16, 16);
        return prefix == 0 ? 1 : prefix;
    }
}
