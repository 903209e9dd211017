// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.intake.Caller;
import dev.spangard.settings.Settings;
import io.opentelemetry.sdk.resources.Resource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Tells one service from another: recorders with the same key feed the same {@link ServiceSdk}. */
final class ServiceKey {
    private ServiceKey() {}

    /**
     * Returns a text that is equal for equal settings, resource, kind of output and, of guests, user, whatever their
     * order. It holds secrets: it is never shown, nor kept.
     */
    static String of(Settings settings, Resource resource, boolean tty, Caller caller) {
        Map<String, String> attributes = new TreeMap<>();
        resource.getAttributes().forEach((attribute, value) -> attributes.put(attribute.getKey(), value.toString()));
        // Lengths keep a value that looks like the next entry from being taken for it.
        var key = new StringBuilder().append(tty);
        if (caller.isGuest()) {
            key.append(caller.user()).append(';');
        }
        for (Map<String, String> part : List.of(settings.sorted(), attributes)) {
            key.append(part.size()).append(';');
            part.forEach((name, value) -> key.append(name.length())
                    .append(name)
                    .append('=')
                    .append(value.length())
                    .append(value));
        }
        return key.toString();
    }
}
