// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.export.CapturedLog;
import dev.spangard.intake.Service;
import dev.spangard.intake.ServiceProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServiceLimitsTest extends TestedRegistry {
    @Test
    void refusesOneServiceTooMany() throws Exception {
        for (int i = 0; i < ServiceRegistry.MAX_SERVICES; i++) {
            join(i, "server-" + i, NONE);
        }
        assertThatThrownBy(() -> join(1000, "one more", NONE))
                .isInstanceOf(ServiceProvider.Refusal.class)
                .hasMessageContaining("256");
        assertThat(join(1001, "server-0", NONE)).isNotNull();
    }

    @Test
    void listensNowhereForAnotherUser() throws Exception {
        try (var log = CapturedLog.of("spangard.engine")) {
            joinAs("guest", "a", Map.of("OTEL_METRICS_EXPORTER", "prometheus"));
            assertThat(log.lines()).anyMatch(line -> line.contains("the engine listens nowhere for another user"));
        }
        assertThat(opened).extracting(ServiceSdk::prometheus).containsOnlyNulls();
    }

    @Test
    void usersShareNoService() throws Exception {
        Service own = join(1, "a", NONE);
        Service guests = joinAs("guest", "a", NONE);

        assertThat(guests).isNotSameAs(own).isNotSameAs(joinAs("other", "a", NONE));
        assertThat(guests.accounts()).isNotSameAs(own.accounts());
        assertThat(joinAs("guest", "a", NONE)).isSameAs(guests);
    }

    @Test
    void guestsHaveHalfOfTheServices() throws Exception {
        for (int i = 0; i < ServiceRegistry.MAX_SERVICES / 2; i++) {
            joinAs("guest", "server-" + i, NONE);
        }
        assertThatThrownBy(() -> joinAs("other", "one more", NONE))
                .isInstanceOf(ServiceProvider.Refusal.class)
                .hasMessageContaining("128");
        assertThat(join(1, "own", NONE)).isNotNull();
    }

    /** What the settings take beside the given ones is the same for all, and some hundred characters. */
    @Test
    void refusesSettingsThatTakeTooMuchBesideTheOthers() throws Exception {
        int each = 40 << 10;
        int most = (int) (ServiceRegistry.MAX_SETTINGS_BYTES / (2L * each));
        for (int i = 0; i < most / 2; i++) {
            joinAs("guest", "server-" + i, large(each));
        }
        assertThatThrownBy(() -> joinAs("guest", "one more", large(each)))
                .isInstanceOf(ServiceProvider.Refusal.class)
                .hasMessage("The settings of all services would take more than 2048 KiB of the engine's memory.");
        List<Service> own = new ArrayList<>();
        for (int i = 0; i < most - most / 2; i++) {
            own.add(join(1, "own-" + i, large(each)));
        }
        assertThatThrownBy(() -> join(1, "one more", large(each))).hasMessageContaining("4096 KiB");
        assertThat(join(1, "small", NONE)).isNotNull();

        leave(own.getFirst());
        after(30);
        assertThat(join(1, "one more", large(each))).isNotNull();
    }

    private static Map<String, String> large(int characters) {
        return Map.of("OTEL_TRACES_EXPORTER", "none", "OTEL_LARGE", "x".repeat(characters - 1000));
    }

    @Test
    void readsNoFilesForAnotherUser() throws Exception {
        Map<String, String> settings = Map.of(
                "OTEL_TRACES_EXPORTER", "otlp", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/etc/ssl/private/key.pem");
        assertThatThrownBy(() -> joinAs("guest", "a", settings))
                .isInstanceOf(ServiceProvider.Refusal.class)
                .hasMessageContaining("reads no files for another user");
        assertThat(registry().services()).isEmpty();
    }

    @Test
    void makesNoQueueLargerThanItsHeap() throws Exception {
        Map<String, String> settings = Map.of(
                "OTEL_TRACES_EXPORTER", "otlp",
                "OTEL_METRICS_EXPORTER", "none",
                "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs",
                "OTEL_BSP_MAX_QUEUE_SIZE", "2000000000",
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2000000000",
                "OTEL_BLRP_MAX_QUEUE_SIZE", "2000000000",
                "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "2000000000");
        try (var log = CapturedLog.of("spangard.engine")) {
            assertThat(join(1, "a", settings)).isNotNull();
            assertThat(log.lines())
                    .anyMatch(
                            line -> line.contains("OTEL_BLRP_MAX_QUEUE_SIZE=2000000000 is more than 8192; using 8192"));
        }
    }
}
