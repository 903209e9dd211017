// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.Ledger;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.telemetry.Telemetry;
import dev.spangard.telemetry.UpstreamTelemetry;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.function.Consumer;

/**
 * One service: what all recorders with the same settings and instance feed.
 *
 * @param telemetry makes its spans and measurements. The tracer provider behind it must use the {@link RecordedIds}
 *     given to {@link Intake#open} and must sample everything: the recorder has already decided
 * @param upstream the same in the {@code upstream} profile, for records that ask for it; so must be its providers
 * @param accounts from {@link Ledger#accounts}
 * @param resource of the spans that the applications made by OpenTelemetry's API
 * @param spans takes each of those that has ended, on a peer's thread: it must not block nor throw
 */
public record Service(
        Telemetry telemetry,
        UpstreamTelemetry upstream,
        ServiceAccounts accounts,
        Resource resource,
        Consumer<SpanData> spans) {}
