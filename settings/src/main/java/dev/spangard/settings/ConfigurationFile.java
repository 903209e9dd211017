// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * OpenTelemetry's declarative configuration ({@code OTEL_CONFIG_FILE}), as the environment variables that say the same.
 *
 * <p>What of the schema is understood is in docs/configuration.md; anything else in a file is named and ignored.
 */
public final class ConfigurationFile {
    /** The variable that names the file. */
    public static final String VARIABLE = "OTEL_CONFIG_FILE";

    static final int MAX_BYTES = 1 << 20;
    private static final int MAX_ALIASES = 50;
    private static final Pattern SUPPORTED = Pattern.compile("1\\.\\d+(-.*)?");
    /**
     * A reference to a variable: {@code ${NAME}}, {@code ${env:NAME}}, {@code ${NAME:-default}}. {@code $$} stands for
     * a dollar sign.
     */
    private static final Pattern REFERENCE =
            Pattern.compile("\\$\\$|\\$\\{(?:env:)?([a-zA-Z_][a-zA-Z0-9_]*)(?::-([^\\n}]*))?}");

    private ConfigurationFile() {}

    /**
     * Reads a configuration file as the variables that say the same. It blocks for as long as the file takes to be
     * read.
     *
     * @param file its path, as {@value #VARIABLE} has it
     * @param environment for what the file refers to
     * @param warnings takes a line for each thing in the file that is not understood, on the calling thread
     * @return variables by name, in order; the map is the caller's
     * @throws ConfigurationException if it cannot be read, is larger than {@value #MAX_BYTES} bytes, is not YAML, or is
     *     of a format that is not 1.0
     */
    public static Map<String, String> read(String file, Map<String, String> environment, Consumer<String> warnings)
            throws ConfigurationException {
        String text = text(file);
        Object document;
        try {
            var settings = LoadSettings.builder()
                    .setMaxAliasesForCollections(MAX_ALIASES)
                    .setCodePointLimit(MAX_BYTES)
                    .setAllowDuplicateKeys(false)
                    .build();
            document = new Load(settings).loadFromString(substituted(text, environment));
        } catch (YamlEngineException e) {
            // Its message repeats lines of the file, which may hold a credential
            throw new ConfigurationException(VARIABLE + "=" + file + " is not YAML" + place(e));
        }
        var root = new YamlNode("", document, warnings);
        String format = root.text("file_format");
        if (format == null || !SUPPORTED.matcher(format).matches()) {
            throw new ConfigurationException(VARIABLE + "=" + file + " has file_format "
                    + (format == null ? "missing" : Settings.shortened(format)) + "; it can be 1.0");
        }
        Map<String, String> variables = new TreeMap<>();
        DeclaredVariables.collect(root, variables);
        root.nameTheRest();
        return variables;
    }

    private static String text(String file) throws ConfigurationException {
        String named = VARIABLE + "=" + file;
        byte[] bytes = NamedFile.read(named, file, MAX_BYTES);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ConfigurationException(named + " cannot be read: it is not UTF-8");
        }
    }

    /** Where the parser stumbled, if it says. */
    private static String place(YamlEngineException e) {
        return e instanceof MarkedYamlEngineException marked
                ? marked.getProblemMark()
                        .map(mark -> ": line " + (mark.getLine() + 1))
                        .orElse("")
                : "";
    }

    /**
     * Puts the values of variables in place of the references, before the text is parsed. What a value brings cannot
     * begin a line or a comment of its own.
     */
    private static String substituted(String text, Map<String, String> environment) {
        return REFERENCE.matcher(text).replaceAll(match -> {
            if (match.group(1) == null) {
                return "\\$";
            }
            String value = environment.get(match.group(1));
            String otherwise = match.group(2) == null ? "" : match.group(2);
            return Matcher.quoteReplacement(
                    value == null || value.isEmpty()
                            ? otherwise
                            : value.lines().findFirst().orElse(""));
        });
    }
}
