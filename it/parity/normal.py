# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What was exported, in a form in which equal telemetry is equal: ids become structure, times become order, sources are told apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from otlp_sink.model import Event, Point, Span

from .scopes import PARENT_ID, TRACE_ID

KINDS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT"}
STATUSES = {0: "UNSET", 1: "OK", 2: "ERROR"}
REMOTE = 0x200
DURATIONS = ("http.server.duration", "http.server.request.duration")
SIZE_BOUNDS = [0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0]
"""An SDK's own, which upstream leaves to it."""
OF_THE_SDK = "otel.sdk."
"""How the names begin of what an SDK measures of itself."""
APP = "app"
"""The scope of spans that an application makes with a tracer of its own."""

Normal = dict[str, Any]


def spans(all_spans: Iterable[Span]) -> list[Normal]:
    """Trees: roots and children in the order of their starts. The application's own spans, timed by another clock, apart from the middleware's."""
    ordered = sorted(all_spans, key=lambda span: span.start_ns)
    ids = {span.span_id for span in ordered}
    return [_tree(span, ordered) for span in ordered if span.parent_span_id not in ids and span.scope != APP] + [
        _tree(span, ordered) for span in ordered if span.parent_span_id not in ids and span.scope == APP
    ]


def _tree(span: Span, ordered: list[Span]) -> Normal:
    children = [other for other in ordered if other.parent_span_id == span.span_id]
    return {
        "name": span.name,
        "kind": KINDS[span.kind],
        "status": " ".join(filter(None, (STATUSES[span.status], span.status_message))),
        "attributes": span.attributes,
        "events": [_event(event) for event in span.events],
        "links": [{"attributes": link.attributes, "to": link.trace_id + link.span_id} for link in span.links],
        "given parent": (span.trace_id, span.parent_span_id) == (TRACE_ID, PARENT_ID),
        "of given trace": span.trace_id == TRACE_ID,
        "root": not span.parent_span_id,
        "remote parent": bool(span.flags & REMOTE),
        "tracestate": span.trace_state,
        "scope": span.scope,
        "schema": span.schema_url,
        "children": [_tree(child, ordered) for child in children if child.scope != APP],
        "app": [{"after its parent's end": child.start_ns > span.end_ns, **_tree(child, ordered)} for child in children if child.scope == APP],
    }


def _event(event: Event) -> Normal:
    attributes = dict(event.attributes)
    trace = attributes.pop("exception.stacktrace", None)
    if trace is not None:  # frames of either middleware
        attributes["last line of exception.stacktrace"] = str(trace).strip().splitlines()[-1]
    return {"name": event.name, "attributes": attributes}


def metrics(points: Iterable[Point], all_spans: Iterable[Span]) -> dict[str, Normal]:
    """Metrics by name; sizes added up over the series. Of durations only their number is compared; what an SDK measures of itself is not."""
    ids = {span.span_id for span in all_spans}
    result: dict[str, Normal] = {}
    for point in sorted((p for p in points if not p.name.startswith(OF_THE_SDK)), key=lambda point: repr(sorted(point.attributes.items()))):
        facts = {"unit": point.unit, "description": point.description, "kind": point.kind, "scope": point.scope, "schema": point.schema_url}
        metric = result.setdefault(point.name, {**facts, "series": []})
        series: Normal = {"attributes": point.attributes}
        if point.kind == "histogram":
            series["bounds"] = list(point.bounds)
            series["count"] = point.count
            if point.name not in DURATIONS:
                metric["sum"] = metric.get("sum", 0) + int(point.sum)
                metric["buckets"] = [a + b for a, b in zip(metric.get("buckets", [0] * len(point.buckets)), point.buckets, strict=True)]
            # which of several requests is the example is chance
            series["exemplars"] = sorted({"known" if exemplar.span_id in ids else "unknown" for exemplar in point.exemplars})
        else:
            series["value"] = point.value
            series["monotonic"] = point.monotonic
        metric["series"].append(series)
    return result


def without_ids(texts: Iterable[str], all_spans: Iterable[Span]) -> list[str]:
    """Texts in which an id that we know is the name of its span, as the traceresponse header has them."""
    result = []
    for text in texts:
        for span in all_spans:
            text = text.replace(span.trace_id, "<trace>").replace(span.span_id, f"<{span.name}>")
        result.append(text)
    return result


def unequal(wanted: Any, got: Any, path: str = "") -> list[str]:
    """Where two normalised values differ, a line each."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [line for key in wanted | got for line in unequal(wanted.get(key, "(none)"), got.get(key, "(none)"), f"{path}/{key}")]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [line for n, (one, other) in enumerate(zip(wanted, got, strict=True)) for line in unequal(one, other, f"{path}[{n}]")]
    same = type(wanted) is type(got) and wanted == got
    return [] if same else [f"{path}: upstream {_short(wanted)}, ours {_short(got)}"]


def _short(value: Any) -> str:
    """Of spans and series their names alone: that one is missing is what matters."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
        return repr([item["name"] for item in value])
    return repr(value)
