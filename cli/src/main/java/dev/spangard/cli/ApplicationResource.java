// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.intake.Hello;
import dev.spangard.settings.Settings;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.sdk.resources.Resource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The resource of an application (semantic conventions, resource attributes): it made the telemetry, never the engine.
 * All workers of one server are one service instance, so nothing in it differs between them (no pid).
 */
final class ApplicationResource {
    /** The namespace of {@code service.instance.id} (semantic conventions, service attributes). */
    private static final UUID NAMESPACE = UUID.fromString("4d63009a-8d0f-11ee-aad7-4c796ed8e320");

    private ApplicationResource() {}

    static Resource of(Hello.WorkerProcess process, Settings settings) {
        AttributesBuilder attributes = Attributes.builder();
        String version = process.version() == null ? "unknown" : process.version();
        put(attributes, "telemetry.sdk.language", "python");
        put(attributes, "telemetry.sdk.name", "spangard");
        put(attributes, "telemetry.sdk.version", version);
        put(attributes, "telemetry.distro.name", "spangard");
        put(attributes, "telemetry.distro.version", version);
        put(attributes, "host.name", process.hostName());
        put(attributes, "host.arch", process.hostArch());
        put(attributes, "process.runtime.name", process.runtimeName());
        put(attributes, "process.runtime.version", process.runtimeVersion());
        put(attributes, "process.runtime.description", process.runtimeDescription());
        put(attributes, "service.instance.id", instanceId(process.instance()).toString());
        put(attributes, "service.name", fallbackName(process));
        settings.attributes("OTEL_RESOURCE_ATTRIBUTES").forEach((key, value) -> put(attributes, key, value));
        put(attributes, "service.name", settings.text("OTEL_SERVICE_NAME"));
        return Resource.create(attributes.build());
    }

    private static String fallbackName(Hello.WorkerProcess process) {
        String service = process.service();
        if (service != null && !service.isBlank()) {
            return service;
        }
        String command = process.command();
        return command == null || command.isBlank() ? "unknown_service" : "unknown_service:" + command;
    }

    /** Makes a UUID of version 5 (RFC 9562, section 5.5). */
    static UUID instanceId(String instance) {
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            sha1.update(ByteBuffer.allocate(16)
                    .putLong(NAMESPACE.getMostSignificantBits())
                    .putLong(NAMESPACE.getLeastSignificantBits())
                    .flip());
            ByteBuffer hash = ByteBuffer.wrap(sha1.digest(instance.getBytes(StandardCharsets.UTF_8)));
            long high = (hash.getLong() & ~0xf000L) | 0x5000L;
            long low = (hash.getLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
            return new UUID(high, low);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-1", e);
        }
    }

    private static void put(AttributesBuilder attributes, String key, @Nullable String value) {
        if (value != null && !value.isBlank()) {
            attributes.put(key, value);
        }
    }
}
