// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.settings.Printable;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.model.snapshots.Labels;

/**
 * How a service is called in the engine's log and metrics. Immutable.
 *
 * @param name its {@code service.name}, empty if it has none
 * @param instance its {@code service.instance.id}, empty if it has none
 * @param duplicate 1, or a number that tells it from other services with the same name and instance but other settings
 */
public record ServiceName(String name, String instance, int duplicate) {
    /** The resource's attribute that names the service. */
    public static final AttributeKey<String> NAME = AttributeKey.stringKey("service.name");

    static final AttributeKey<String> INSTANCE = AttributeKey.stringKey("service.instance.id");

    /** The name of the service of this resource. */
    public static ServiceName of(Resource resource, int duplicate) {
        String name = resource.getAttribute(NAME);
        String instance = resource.getAttribute(INSTANCE);
        return new ServiceName(name == null ? "" : name, instance == null ? "" : instance, duplicate);
    }

    /** The labels of its series in the engine's own metrics. */
    public Labels labels() {
        Labels labels = Labels.of("service_name", name, "service_instance_id", instance);
        return duplicate == 1 ? labels : labels.add("duplicate", Integer.toString(duplicate));
    }

    @Override
    public String toString() {
        return Printable.of(name);
    }
}
