// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The arrows between modules run one way. Here, because this module alone sees all of them. */
class ArrowsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.spangard");
    private static final DescribedPredicate<JavaClass> INTERNAL =
            JavaClass.Predicates.resideInAPackage("io.opentelemetry..internal..");

    @Test
    void modulesSeeOnlyWhatIsBelowThem() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.spangard..")
                .layer("asgi")
                .definedBy("dev.spangard.asgi")
                .layer("wire")
                .definedBy("dev.spangard.wire")
                .layer("books")
                .definedBy("dev.spangard.books")
                .layer("settings")
                .definedBy("dev.spangard.settings")
                .layer("telemetry")
                .definedBy("dev.spangard.telemetry")
                .layer("intake")
                .definedBy("dev.spangard.intake")
                .layer("export")
                .definedBy("dev.spangard.export")
                .layer("cli")
                .definedBy("dev.spangard.cli")
                .whereLayer("asgi")
                .mayOnlyBeAccessedByLayers("telemetry")
                .whereLayer("wire")
                .mayOnlyBeAccessedByLayers("intake")
                .whereLayer("books")
                .mayOnlyBeAccessedByLayers("intake", "export", "cli")
                .whereLayer("settings")
                .mayOnlyBeAccessedByLayers("export", "cli")
                .whereLayer("export")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("telemetry")
                .mayOnlyBeAccessedByLayers("intake", "cli")
                .whereLayer("intake")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .ensureAllClassesAreContainedInArchitecture()
                .check(CLASSES);
    }

    @Test
    void wireKnowsNothingOfOpenTelemetryNorOfSockets() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("dev.spangard.wire")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.opentelemetry..", "java.net..", "java.nio.channels..")
                .check(CLASSES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"asgi", "wire", "books"})
    void whatIsBelowAllDependsOnNothing(String module) {
        ArchRuleDefinition.classes()
                .that()
                .resideInAPackage("dev.spangard." + module)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.spangard." + module, "java..", "org.jspecify.annotations")
                .check(CLASSES);
    }

    @Test
    void settingsKnowNoOpenTelemetry() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("dev.spangard.settings")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.opentelemetry..")
                .check(CLASSES);
    }

    @Test
    void telemetryIsBuiltOnTheApiAlone() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("dev.spangard.telemetry")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.opentelemetry.sdk..", "io.opentelemetry.exporter..")
                .check(CLASSES);
    }

    @Test
    void onlyWhatExportsAndTheCompositionRootKnowExportersAndPrometheus() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideOutsideOfPackages("dev.spangard.export", "dev.spangard.cli")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.opentelemetry.exporter..", "io.prometheus..", "com.sun.net.httpserver..")
                .check(CLASSES);
    }

    /** Exactly these pairs: one that is no longer needed goes from the list, too. */
    @Test
    void ofWhatOpenTelemetryKeepsToItselfOnlyFourClassesAreUsed() {
        Map<String, String> used = new TreeMap<>();
        CLASSES.stream()
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .filter(dependency -> INTERNAL.test(dependency.getTargetClass()))
                .forEach(dependency ->
                        used.put(outermost(dependency.getTargetClass()), outermost(dependency.getOriginClass())));
        assertThat(used)
                .as("a package named internal may change with any release of OpenTelemetry")
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        // Makes of PEM files what the SDK's exporters make of them: our sender of spans is to trust the
                        // same.
                        "io.opentelemetry.exporter.internal.TlsConfigHelper",
                        "dev.spangard.export.OtlpExporters",
                        // Finds the gRPC sender that the SDK ships, which no public class of it gives to a sender of
                        // our own.
                        "io.opentelemetry.exporter.internal.SenderUtil",
                        "dev.spangard.export.OtlpGrpcSender",
                        // Writes a trace state as the SDK's OTLP exporter writes it into a span.
                        "io.opentelemetry.api.trace.propagation.internal.W3CTraceContextEncoding",
                        "dev.spangard.export.SpanEncoder",
                        // The only place where an exporter of metrics or logs leaves why it failed.
                        "io.opentelemetry.exporter.internal.FailedExportException",
                        "dev.spangard.export.ExportException"));
    }

    private static String outermost(JavaClass type) {
        return type.getName().replaceFirst("[$].*", "");
    }
}
