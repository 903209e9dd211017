// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code X-Forwarded-For}, {@code -Proto}, {@code -Host} and {@code -Port}: plain lists, which each proxy appends to, in
 * which a quote is a character like any. What stands at the same place from the right is of the same proxy; a single value,
 * as most write it, is of the nearest.
 */
final class ForwardedLists {
    private static final Pattern PORT = Pattern.compile(":\\d+$");

    private ForwardedLists() {}

    /**
     * Reads the hops, the nearest first; there is one at least.
     *
     * @param most so many at most
     */
    static List<ForwardedHop> read(
            List<String> clients, List<String> schemes, List<String> hosts, List<String> ports, int most) {
        List<String> nodes = fromTheRight(clients, most);
        List<String> protocols = fromTheRight(schemes, most);
        List<String> names = fromTheRight(hosts, most);
        List<String> numbers = fromTheRight(ports, most);
        List<ForwardedHop> hops = new ArrayList<>();
        for (int i = 0; i < Math.max(1, nodes.size()); i++) {
            String node = at(nodes, i);
            String name = at(names, i);
            String port = at(numbers, i);
            String host = name == null || port == null || PORT.matcher(name).find() ? name : name + ':' + port;
            hops.add(new ForwardedHop(node == null ? null : ForwardedHop.node(unquoted(node)), at(protocols, i), host));
        }
        return hops;
    }

    private static @Nullable String at(List<String> values, int hop) {
        return hop < values.size() ? values.get(hop) : null;
    }

    /** Returns the elements from the right, blanks around and empty ones dropped. */
    private static List<String> fromTheRight(List<String> lines, int most) {
        String text = String.join(",", lines);
        List<String> elements = new ArrayList<>();
        for (int end = text.length(); end >= 0 && elements.size() < most; ) {
            int comma = text.lastIndexOf(',', end - 1);
            String element = text.substring(comma + 1, end).strip();
            if (!element.isEmpty()) {
                elements.add(element);
            }
            end = comma;
        }
        return elements;
    }

    /** Takes off the quotes in which some proxies write addresses of IPv6. */
    private static String unquoted(String node) {
        boolean quoted = node.length() > 1 && node.startsWith("\"") && node.endsWith("\"");
        return quoted ? node.substring(1, node.length() - 1) : node;
    }
}
