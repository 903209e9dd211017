# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Protobuf to model. Raises on what no correct exporter sends: bad id lengths, zero ids, an end before the start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .model import Event, Exemplar, Link, Log, Point, Span


def value(any_value: Any) -> Any:
    """A plain Python value of an ``AnyValue``."""
    which = any_value.WhichOneof("value")
    if which is None:
        return None
    if which == "array_value":
        return [value(v) for v in any_value.array_value.values]
    if which == "kvlist_value":
        return attributes(any_value.kvlist_value.values)
    return getattr(any_value, which)


def attributes(pairs: Any) -> dict[str, Any]:
    """A dict of ``KeyValue``s. A key that comes twice is an error of the exporter."""
    result: dict[str, Any] = {}
    for pair in pairs:
        if pair.key in result:
            raise ValueError(f"attribute {pair.key!r} twice")
        result[pair.key] = value(pair.value)
    return result


def spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """Every span of a request."""
    for resource_spans in request.resource_spans:
        resource = attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield _span(span, resource, scope_spans)


def _span(span: Any, resource: dict[str, Any], scope_spans: Any) -> Span:
    if len(span.trace_id) != 16 or not any(span.trace_id) or len(span.span_id) != 8 or not any(span.span_id):
        raise ValueError(f"ids of {span.name!r}: {span.trace_id!r} {span.span_id!r}")
    if len(span.parent_span_id) not in (0, 8):
        raise ValueError(f"parent id of {span.name!r}: {span.parent_span_id!r}")
    if span.end_time_unix_nano < span.start_time_unix_nano:
        raise ValueError(f"{span.name!r} ends before it starts")
    return Span(
        name=span.name,
        kind=span.kind,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        trace_state=span.trace_state,
        flags=span.flags,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        attributes=attributes(span.attributes),
        events=tuple(Event(e.name, e.time_unix_nano, attributes(e.attributes)) for e in span.events),
        links=tuple(Link(x.trace_id.hex(), x.span_id.hex(), attributes(x.attributes)) for x in span.links),
        status=span.status.code,
        status_message=span.status.message,
        resource=resource,
        scope=scope_spans.scope.name,
        scope_version=scope_spans.scope.version,
        schema_url=scope_spans.schema_url,
        scope_attributes=attributes(scope_spans.scope.attributes),
        dropped=(span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count),
    )


def logs(request: ExportLogsServiceRequest) -> Iterator[Log]:
    """Every log record of a request."""
    for resource_logs in request.resource_logs:
        resource = attributes(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                yield Log(
                    event_name=record.event_name,
                    severity=record.severity_number,
                    time_ns=record.time_unix_nano,
                    trace_id=record.trace_id.hex(),
                    span_id=record.span_id.hex(),
                    attributes=attributes(record.attributes),
                    resource=resource,
                    scope=scope_logs.scope.name,
                )


def points(request: ExportMetricsServiceRequest) -> Iterator[Point]:
    """Every data point of a request."""
    for resource_metrics in request.resource_metrics:
        resource = attributes(resource_metrics.resource.attributes)
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                kind = metric.WhichOneof("data")
                data = getattr(metric, kind)
                for point in data.data_points:
                    yield _point(metric, kind, data, point, resource, scope_metrics)


def _point(metric: Any, kind: str, data: Any, point: Any, resource: dict[str, Any], scope_metrics: Any) -> Point:
    common = {
        "name": metric.name,
        "unit": metric.unit,
        "kind": kind,
        "resource": resource,
        "scope": scope_metrics.scope.name,
        "schema_url": scope_metrics.schema_url,
        "description": metric.description,
        "attributes": attributes(point.attributes),
        "start_ns": point.start_time_unix_nano,
        "time_ns": point.time_unix_nano,
        "cumulative": getattr(data, "aggregation_temporality", 2) == 2,
        "exemplars": tuple(
            Exemplar(x.as_double if x.WhichOneof("value") == "as_double" else x.as_int, x.trace_id.hex(), x.span_id.hex()) for x in point.exemplars
        ),
    }
    if kind == "histogram":
        return Point(
            **common,
            count=point.count,
            sum=point.sum,
            bounds=tuple(point.explicit_bounds),
            buckets=tuple(point.bucket_counts),
        )
    if kind == "exponential_histogram":
        return Point(**common, count=point.count, sum=point.sum)
    number = point.as_double if point.WhichOneof("value") == "as_double" else point.as_int
    return Point(**common, value=number, monotonic=getattr(data, "is_monotonic", False))
