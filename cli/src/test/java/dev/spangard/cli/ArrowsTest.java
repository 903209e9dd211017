// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The arrows between modules run one way. Here, because this module alone sees all of them. */
class ArrowsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.spangard");

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
}
