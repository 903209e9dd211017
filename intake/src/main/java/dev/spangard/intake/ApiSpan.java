// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.semconv.ErrorAttributes;
import java.util.List;

/**
 * A span that an application made by OpenTelemetry's API, as its recorder tells it. It has been through no SDK of ours:
 * limits, ids and sampling are the recorder's, and its scope may have attributes, which a tracer of the SDK's cannot be
 * given. Immutable.
 *
 * @param totals how much there was before the recorder's limits
 */
record ApiSpan(
        Resource resource,
        InstrumentationScopeInfo scope,
        String name,
        SpanKind kind,
        SpanContext context,
        SpanContext parent,
        long startNanos,
        long endNanos,
        Attributes attributes,
        List<EventData> events,
        List<LinkData> links,
        StatusData status,
        Totals totals)
        implements SpanData {
    /** How many attributes, events and links the application gave the span. */
    record Totals(int attributes, int events, int links) {
        Totals plus(int moreAttributes, int moreEvents, int moreLinks) {
            return new Totals(attributes + moreAttributes, events + moreEvents, links + moreLinks);
        }
    }

    /** The same span, ended with the process it ran in. */
    ApiSpan endedWith(String errorType, long epochNanos) {
        boolean isUnset = status.getStatusCode() == StatusCode.UNSET;
        return new ApiSpan(
                resource,
                scope,
                name,
                kind,
                context,
                parent,
                startNanos,
                Math.max(startNanos, epochNanos),
                attributes.toBuilder()
                        .put(ErrorAttributes.ERROR_TYPE, errorType)
                        .build(),
                events,
                links,
                isUnset ? StatusData.error() : status,
                totals.plus(1, 0, 0));
    }

    @Override
    public Resource getResource() {
        return resource;
    }

    @Override
    public InstrumentationScopeInfo getInstrumentationScopeInfo() {
        return scope;
    }

    @Override
    @Deprecated
    @SuppressWarnings("InlineMeSuggester")
    public io.opentelemetry.sdk.common.InstrumentationLibraryInfo getInstrumentationLibraryInfo() {
        return io.opentelemetry.sdk.common.InstrumentationLibraryInfo.create(
                scope.getName(), scope.getVersion(), scope.getSchemaUrl());
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public SpanKind getKind() {
        return kind;
    }

    @Override
    public SpanContext getSpanContext() {
        return context;
    }

    @Override
    public SpanContext getParentSpanContext() {
        return parent;
    }

    @Override
    public long getStartEpochNanos() {
        return startNanos;
    }

    @Override
    public long getEndEpochNanos() {
        return endNanos;
    }

    @Override
    public boolean hasEnded() {
        return true;
    }

    @Override
    public Attributes getAttributes() {
        return attributes;
    }

    @Override
    public int getTotalAttributeCount() {
        return totals.attributes;
    }

    @Override
    public List<EventData> getEvents() {
        return events;
    }

    @Override
    public int getTotalRecordedEvents() {
        return totals.events;
    }

    @Override
    public List<LinkData> getLinks() {
        return links;
    }

    @Override
    public int getTotalRecordedLinks() {
        return totals.links;
    }

    @Override
    public StatusData getStatus() {
        return status;
    }
}
