# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What a sink keeps: decoded requests in arrival order, counted under one condition that waiters sleep on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from . import decode
from .model import Log, Point, Span

EXEMPLARS_KEPT = 64
"""Of a series."""


@dataclass(frozen=True)
class Received:
    """One export request as it came: ``headers`` with lower-case names (gRPC: its metadata), ``wire_bytes`` before decompression."""

    signal: str
    headers: dict[str, str]
    wire_bytes: int
    items: int
    peer_certificate: bool = False


class Store:
    """Thread-safe. With ``keep=False`` only counts are kept, so that a benchmark's memory stays flat; ``keep_bytes`` keeps every body, too."""

    def __init__(self, keep: bool = True, keep_bytes: bool = False) -> None:
        self._keep = keep
        self._keep_bytes = keep_bytes
        self.bytes = b""
        self._changed = threading.Condition(threading.RLock())
        self._traces: list[ExportTraceServiceRequest] = []
        self._metrics: list[ExportMetricsServiceRequest] = []
        self._logs: list[ExportLogsServiceRequest] = []
        self._spans: list[Span] = []
        self._points: dict[Any, Point] = {}
        self.requests: list[Received] = []
        self.errors: list[str] = []
        self.span_count = 0
        self.rejected_count = 0
        self.point_count = 0
        self.request_count = 0

    def add_traces(self, request: ExportTraceServiceRequest, headers: dict[str, str], size: int, certificate: bool, reject: int = 0) -> int:
        """Called by a receiver once it is decided that the request is accepted; how many of its spans it rejects, at most ``reject``."""
        count = sum(len(s.spans) for r in request.resource_spans for s in r.scope_spans)
        with self._changed:
            self.span_count += count
            rejected = min(reject, count)
            self.rejected_count += rejected
            if self._keep:
                self._traces.append(request)
            self._note(Received("traces", headers, size, count, certificate))
        return rejected

    def add_metrics(self, request: ExportMetricsServiceRequest, headers: dict[str, str], size: int, certificate: bool) -> None:
        """As :meth:`add_traces`."""
        count = sum(len(s.metrics) for r in request.resource_metrics for s in r.scope_metrics)
        with self._changed:
            self.point_count += count
            if self._keep:
                self._metrics.append(request)
            self._note(Received("metrics", headers, size, count, certificate))

    def add_logs(self, request: ExportLogsServiceRequest, headers: dict[str, str], size: int, certificate: bool) -> None:
        """As :meth:`add_traces`."""
        count = sum(len(s.log_records) for r in request.resource_logs for s in r.scope_logs)
        with self._changed:
            if self._keep:
                self._logs.append(request)
            self._note(Received("logs", headers, size, count, certificate))

    def _note(self, received: Received) -> None:
        self.request_count += 1
        if self._keep:
            self.requests.append(received)
        self._changed.notify_all()

    def body(self, data: bytes) -> None:
        """The body of a request over HTTP, decompressed, before it is decoded."""
        if self._keep_bytes:
            with self._changed:
                self.bytes += data

    def error(self, text: str) -> None:
        """Something that no correct exporter does."""
        with self._changed:
            self.errors.append(text)
            self._changed.notify_all()

    def stats(self) -> dict[str, int]:
        """Counts of what came."""
        return {"spans": self.span_count, "points": self.point_count, "requests": self.request_count, "errors": len(self.errors)}

    def clear(self) -> None:
        """Forgets everything received so far; a benchmark does this between warm-up and measurement."""
        with self._changed:
            for kept in (self._traces, self._metrics, self._logs, self._spans, self._points, self.requests, self.errors):
                kept.clear()
            self.bytes = b""
            self.span_count = self.rejected_count = self.point_count = self.request_count = 0

    def spans(self) -> list[Span]:
        """All spans in arrival order."""
        with self._changed:
            for request in self._traces:
                self._spans.extend(decode.spans(request))
            self._traces.clear()
            return list(self._spans)

    def logs(self) -> list[Log]:
        """All log records in arrival order."""
        with self._changed:
            return [log for request in self._logs for log in decode.logs(request)]

    def points(self) -> list[Point]:
        """The newest point of each series, with the exemplars of earlier ones, which an SDK exports once. A series is resource, scope, name, attributes and start: a restarted engine's is another."""
        with self._changed:
            for request in self._metrics:
                for point in decode.points(request):
                    key = (repr(sorted(point.resource.items())), point.scope, point.name, repr(sorted(point.attributes.items())), point.start_ns)
                    held = self._points.get(key)
                    if held is None:
                        self._points[key] = point
                    elif held.time_ns <= point.time_ns:
                        self._points[key] = replace(point, exemplars=tuple(dict.fromkeys(held.exemplars + point.exemplars))[-EXEMPLARS_KEPT:])
            self._metrics.clear()
            return list(self._points.values())

    def wait_until(self, ready: Callable[[], Any], seconds: float, what: Callable[[], str]) -> Any:
        """Sleeps between arrivals until ``ready()`` is true and returns its value; a failed wait says ``what()`` was there."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (result := ready()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(what())
                self._changed.wait(left)
            return result
