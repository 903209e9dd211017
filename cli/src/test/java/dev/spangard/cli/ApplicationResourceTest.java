// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.settings.Settings;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.resources.Resource;
import java.util.ArrayList;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ApplicationResourceTest {
    private static Resource resource(Map<String, String> settings) {
        return ApplicationResource.of(TestHello.process("server-1"), new Settings(settings, line -> {}));
    }

    private static String get(Resource resource, String key) {
        return String.valueOf(resource.getAttribute(AttributeKey.stringKey(key)));
    }

    @Test
    void describesTheApplicationAndNothingOfTheEngine() {
        Resource resource = resource(Map.of());

        assertThat(get(resource, "telemetry.sdk.language")).isEqualTo("python");
        assertThat(get(resource, "telemetry.sdk.name")).isEqualTo("spangard");
        assertThat(get(resource, "telemetry.sdk.version")).isEqualTo("0.1.0");
        assertThat(get(resource, "process.runtime.name")).isEqualTo("cpython");
        assertThat(get(resource, "process.runtime.version")).isEqualTo("3.12.1");
        assertThat(get(resource, "host.name")).isEqualTo("machine");
        assertThat(get(resource, "service.name")).isEqualTo("unknown_service:uvicorn");
        assertThat(resource.getAttributes().asMap().keySet())
                .extracting(AttributeKey::getKey)
                .doesNotContain("process.pid")
                .noneMatch(key -> key.startsWith("os.") || key.startsWith("process.command"));
    }

    @Test
    void serviceNameVariableBeatsResourceAttributes() {
        assertThat(get(resource(Map.of("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,k=v%2C1")), "service.name"))
                .isEqualTo("a");
        Resource both =
                resource(Map.of("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,k=v%2C1", "OTEL_SERVICE_NAME", "b"));
        assertThat(get(both, "service.name")).isEqualTo("b");
        assertThat(get(both, "k")).isEqualTo("v,1");
    }

    @Test
    void leavesOutWhatTheSdkTakesForNoName() {
        var warnings = new ArrayList<String>();
        String longest = "k".repeat(255);
        String given = "é=1,a\tb=2," + longest + "k=3," + longest + "=4,ok=5";
        Resource resource = ApplicationResource.of(
                TestHello.process("server-1"), new Settings(Map.of("OTEL_RESOURCE_ATTRIBUTES", given), warnings::add));
        assertThat(get(resource, "ok")).isEqualTo("5");
        assertThat(get(resource, longest)).isEqualTo("4");
        assertThat(warnings)
                .hasSize(3)
                .allMatch(line -> line.startsWith("OTEL_RESOURCE_ATTRIBUTES has a key that is not printable ASCII"));
    }

    @Test
    void instanceIsAUuidThatDependsOnTheServerAlone() {
        String id = get(resource(Map.of()), "service.instance.id");

        assertThat(UUID.fromString(id).version()).isEqualTo(5);
        assertThat(UUID.fromString(id).variant()).isEqualTo(2);
        assertThat(id).isEqualTo(get(resource(Map.of("OTEL_SERVICE_NAME", "b")), "service.instance.id"));
        assertThat(ApplicationResource.instanceId("server-2")).isNotEqualTo(UUID.fromString(id));
    }

    @Test
    void instanceIdIsTheOneOfRfc9562() {
        // python: uuid.uuid5(uuid.UUID("4d63009a-8d0f-11ee-aad7-4c796ed8e320"), "server-1")
        assertThat(ApplicationResource.instanceId("server-1")).hasToString("67dd534a-f008-566d-890d-8f956b29c67c");
    }

    @Test
    void instanceThatTheUserSetStays() {
        assertThat(get(resource(Map.of("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=mine")), "service.instance.id"))
                .isEqualTo("mine");
    }
}
