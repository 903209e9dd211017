// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.resources.Resource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Joins encoded spans to an {@code ExportTraceServiceRequest} (opentelemetry-proto 1.x, trace_service.proto), grouped
 * as OTLP wants it. Any thread may call it.
 */
final class TraceRequest {
    /** ExportTraceServiceRequest.resource_spans, ResourceSpans.scope_spans. */
    private static final int RESOURCE_SPANS = 1;

    private static final int SCOPE_SPANS = 2;

    private TraceRequest() {}

    static byte[] of(List<EncodedSpan> spans) {
        SpanEncoder encoder = SpanEncoder.ofThisThread();
        Map<Resource, Map<InstrumentationScopeInfo, List<byte[]>>> grouped = new LinkedHashMap<>();
        EncodedSpan last = null;
        List<byte[]> group = List.of();
        for (EncodedSpan span : spans) {
            // A service has one resource, and mostly one scope.
            if (last == null
                    || !last.scope().equals(span.scope())
                    || !last.resource().equals(span.resource())) {
                group = grouped.computeIfAbsent(span.resource(), of -> new LinkedHashMap<>())
                        .computeIfAbsent(span.scope(), of -> new ArrayList<>());
                last = span;
            }
            group.add(span.span());
        }
        List<byte[]> all = new ArrayList<>();
        grouped.forEach((resource, scopes) -> {
            List<byte[]> ofResource = new ArrayList<>();
            ofResource.add(encoder.encode(resource));
            scopes.forEach((scope, ofScope) -> {
                ofScope.addFirst(encoder.encode(scope));
                ofScope.add(encoder.schema(scope.getSchemaUrl()));
                ofResource.add(encoder.head(SCOPE_SPANS, size(ofScope)));
                ofResource.addAll(ofScope);
            });
            ofResource.add(encoder.schema(resource.getSchemaUrl()));
            all.add(encoder.head(RESOURCE_SPANS, size(ofResource)));
            all.addAll(ofResource);
        });
        return joined(all);
    }

    private static int size(List<byte[]> parts) {
        int size = 0;
        for (byte[] part : parts) {
            size += part.length;
        }
        return size;
    }

    private static byte[] joined(List<byte[]> parts) {
        byte[] all = new byte[size(parts)];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
