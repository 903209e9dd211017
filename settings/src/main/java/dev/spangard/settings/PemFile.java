// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads the files of certificates and keys that OTLP's variables name. What is in them is not looked at, nor shown. */
final class PemFile {
    /** The most bytes of a file: more than any bundle of certificates has. */
    private static final int MAX_BYTES = 1 << 20;

    private PemFile() {}

    /**
     * Reads the file that a variable of the signal names, else the one of all signals.
     *
     * @param suffix of the variable: {@code CERTIFICATE}, {@code CLIENT_KEY} or {@code CLIENT_CERTIFICATE}
     * @return its text; null if no variable names one
     * @throws ConfigurationException if its path is not absolute, or it cannot be read
     */
    static @Nullable String read(Settings settings, Signal signal, String suffix) throws ConfigurationException {
        String variable = signal.variable(suffix);
        String path = settings.text(variable);
        if (path == null) {
            variable = "OTEL_EXPORTER_OTLP_" + suffix;
            path = settings.text(variable);
        }
        if (path == null) {
            return null;
        }
        String named = variable + "=" + Settings.shortened(path);
        Path file = NamedFile.path(named, path);
        if (!file.isAbsolute()) {
            throw new ConfigurationException(
                    named + " must be an absolute path: the engine runs in another directory than the application");
        }
        return new String(NamedFile.read(named, file, MAX_BYTES), StandardCharsets.ISO_8859_1);
    }
}
