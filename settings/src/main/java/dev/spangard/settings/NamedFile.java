// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Reads the files that variables name. What is in them is not shown. */
final class NamedFile {
    private NamedFile() {}

    /**
     * Reads a regular file whole.
     *
     * @param named the variable and its value, for messages
     * @param maxBytes the most it may have: a device file would never end
     * @throws ConfigurationException with what keeps it from being read
     */
    static byte[] read(String named, String path, int maxBytes) throws ConfigurationException {
        return read(named, path(named, path), maxBytes);
    }

    /** Makes a path of a value; a text that is none is a {@link ConfigurationException}. */
    static Path path(String named, String path) throws ConfigurationException {
        try {
            return Path.of(path);
        } catch (InvalidPathException e) {
            throw unreadable(named, "it is no path");
        }
    }

    /** Reads a regular file whole, as {@link #read(String, String, int)}. */
    static byte[] read(String named, Path file, int maxBytes) throws ConfigurationException {
        try {
            if (!Files.exists(file)) {
                throw unreadable(named, "there is no such file");
            }
            if (!Files.isRegularFile(file)) {
                throw unreadable(named, "it is no regular file");
            }
            if (Files.size(file) == 0) { // as are those of /proc, which may not end
                throw unreadable(named, "it is empty");
            }
            try (InputStream in = Files.newInputStream(file)) {
                byte[] bytes = in.readNBytes(maxBytes + 1);
                if (bytes.length > maxBytes) {
                    throw unreadable(named, "it is larger than " + maxBytes + " bytes");
                }
                return bytes;
            }
        } catch (AccessDeniedException e) {
            throw unreadable(named, "this user may not read it");
        } catch (IOException e) {
            throw unreadable(named, "reading it fails");
        }
    }

    private static ConfigurationException unreadable(String named, String why) {
        return new ConfigurationException(named + " cannot be read: " + why);
    }
}
