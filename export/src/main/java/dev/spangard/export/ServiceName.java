// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.Printable;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.model.snapshots.Labels;

/**
 * What a service is called in the engine's log and metrics.
 *
 * @param duplicate 1, or a number that tells it from other services with the same name and instance but other settings
 */
public record ServiceName(String name, String instance, int duplicate) {
    public static final AttributeKey<String> NAME = AttributeKey.stringKey("service.name");
    static final AttributeKey<String> INSTANCE = AttributeKey.stringKey("service.instance.id");

    public static ServiceName of(Resource resource, int duplicate) {
        String name = resource.getAttribute(NAME);
        String instance = resource.getAttribute(INSTANCE);
        return new ServiceName(name == null ? "" : name, instance == null ? "" : instance, duplicate);
    }

    public Labels labels() {
        Labels labels = Labels.of("service_name", name, "service_instance_id", instance);
        return duplicate == 1 ? labels : labels.add("duplicate", Integer.toString(duplicate));
    }

    @Override
    public String toString() {
        return Printable.of(name);
    }
}
