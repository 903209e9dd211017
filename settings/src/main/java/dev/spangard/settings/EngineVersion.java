// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

/** Which release this is, as the jar's manifest has it. */
public final class EngineVersion {
    /** The release's number; {@code unknown} of classes outside a jar, as in tests. */
    public static final String TEXT = read();

    private EngineVersion() {}

    private static String read() {
        String version = EngineVersion.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }
}
