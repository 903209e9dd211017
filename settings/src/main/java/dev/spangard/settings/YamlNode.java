// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A mapping of a configuration file. It knows what was asked for, so that the rest can be named. Not thread-safe. */
final class YamlNode {
    private final String path;
    private final Map<String, @Nullable Object> left;
    private final List<YamlNode> inside = new ArrayList<>();
    private final Consumer<String> warnings;

    /**
     * Makes a node.
     *
     * @param path the keys to it, with dots between, for warnings
     * @param value anything; what is no mapping has nothing inside
     */
    YamlNode(String path, @Nullable Object value, Consumer<String> warnings) {
        this.path = path;
        this.warnings = warnings;
        this.left = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, element) -> left.put(String.valueOf(key), element));
        } else if (value != null) {
            warn(path, "is not a mapping");
        }
    }

    /** Returns the single value of a key; null if there is none, or blank text. */
    @Nullable
    String text(String key) {
        Object value = left.remove(key);
        if (value instanceof Map || value instanceof List) {
            warn(at(key), "is not a single value");
            return null;
        }
        return value == null || value.toString().isBlank() ? null : value.toString();
    }

    /** Returns the mapping of a key; empty if there is none. */
    YamlNode map(String key) {
        return child(at(key), left.remove(key));
    }

    /** Whether the key is there and has not been asked for, also without anything behind its colon. */
    boolean has(String key) {
        return left.containsKey(key);
    }

    /** Returns the elements of a list of mappings. */
    List<YamlNode> maps(String key) {
        List<YamlNode> maps = new ArrayList<>();
        List<?> elements = list(key);
        for (int n = 0; n < elements.size(); n++) {
            maps.add(child(at(key) + "[" + n + "]", elements.get(n)));
        }
        return maps;
    }

    /** Returns the elements of a list of single values. */
    List<String> texts(String key) {
        return list(key).stream().map(String::valueOf).toList();
    }

    String path() {
        return path;
    }

    /** Returns the only key of a mapping that stands for a choice; null if it has not exactly one. */
    @Nullable
    String choice() {
        return left.size() == 1 ? left.keySet().iterator().next() : null;
    }

    /** Returns all keys that nobody has asked for yet. */
    List<String> keys() {
        return List.copyOf(left.keySet());
    }

    /** Gives one warning for each thing that nobody asked for, here and inside. */
    void nameTheRest() {
        left.keySet().forEach(key -> warn(at(key), "is not supported and ignored"));
        inside.forEach(YamlNode::nameTheRest);
    }

    private List<?> list(String key) {
        Object value = left.remove(key);
        if (value != null && !(value instanceof List)) {
            warn(at(key), "is not a list");
        }
        return value instanceof List<?> list ? list : List.of();
    }

    private YamlNode child(String at, @Nullable Object value) {
        var node = new YamlNode(at, value, warnings);
        inside.add(node);
        return node;
    }

    private String at(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private void warn(String at, String what) {
        warnings.accept(ConfigurationFile.VARIABLE + ": " + Settings.shortened(at) + " " + what);
    }
}
