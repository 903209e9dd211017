// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.semconv.ExceptionAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the application did with the current span while its request ran. Name, status and attributes set by it win over
 * ours, as if it had set them last. Immutable.
 *
 * @param name null if it set none
 * @param status {@link StatusCode#UNSET} if it set none
 * @param statusDescription that of {@link StatusCode#ERROR}; null if it gave none
 */
public record ApplicationSpan(
        @Nullable String name,
        Attributes attributes,
        List<Event> events,
        StatusCode status,
        @Nullable String statusDescription,
        List<Link> links) {
    /** An event of the span; without a time of its own it happened when the request ended. */
    public record Event(String name, @Nullable Long epochNanos, Attributes attributes) {}

    /** A link from the span to another. */
    public record Link(SpanContext to, Attributes attributes) {}

    /** Copies the lists. */
    public ApplicationSpan {
        events = List.copyOf(events);
        links = List.copyOf(links);
    }

    /** Whether the application recorded the exception itself that it failed with. */
    boolean recorded(Failure failure) {
        return events.stream()
                .anyMatch(event -> event.name().equals("exception")
                        && failure.type().equals(event.attributes().get(ExceptionAttributes.EXCEPTION_TYPE))
                        && failure.message().equals(event.attributes().get(ExceptionAttributes.EXCEPTION_MESSAGE)));
    }
}
