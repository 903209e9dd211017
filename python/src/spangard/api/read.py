# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A span of the application's own as it can be read, like those of the SDK: what is true of it by now.

Copies, which change nothing. Libraries that were written beside the SDK look at them, and so do its processors.
"""

from __future__ import annotations

from time import perf_counter, time_ns

from opentelemetry import trace as trace_api

from .. import _parents as parents
from .._read_span import SpanEvent, view
from .said import SaidSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Trace = tuple[bytes | int, int, bytes]

_KINDS = tuple(trace_api.SpanKind)


class ReadSpan(SaidSpan):
    """``trace`` is the trace, its flags and its tracestate: one value, which its children have, too."""

    __slots__ = ("_began", "_span_kind", "parent_id", "span_id", "trace")

    trace: Trace
    span_id: int
    parent_id: int | None
    _began: float
    _span_kind: int

    def get_span_context(self) -> trace_api.SpanContext:
        extras = self.more()
        if extras.context is None:
            extras.context = self._context(self.span_id, is_remote=False)
        return extras.context

    def _context(self, span_id: int, *, is_remote: bool) -> trace_api.SpanContext:
        trace, flags, state = self.trace
        if isinstance(trace, bytes):
            flags |= int(trace[53:55], 16)
            trace = int(trace[3:35], 16)
        told = parents.trace_state(state) if state else None
        return trace_api.SpanContext(trace, span_id, is_remote, trace_api.TraceFlags(flags | 1), told)

    @property
    def context(self) -> trace_api.SpanContext:
        return self.get_span_context()

    @property
    def parent(self) -> trace_api.SpanContext | None:
        if self.parent_id is None:
            return None
        return self._context(self.parent_id, is_remote=self.extras is not None and self.extras.is_remote)

    @property
    def name(self) -> str:
        return self._name

    @property
    def kind(self) -> trace_api.SpanKind:
        return _KINDS[self._span_kind]

    @property
    def start_time(self) -> int:
        """Nanoseconds since 1970."""
        given = None if self.extras is None else self.extras.start
        return self._epoch_nanos(self._began if given is None else given)

    @property
    def end_time(self) -> int | None:
        """Known where somebody processes spans in this process."""
        end = None if self.extras is None else self.extras.end
        return None if end is None else self._epoch_nanos(end)

    def _epoch_nanos(self, time: float) -> int:
        """Of a reading of the monotonic clock, by one and the same pair of readings for all times of a span."""
        if isinstance(time, int):
            return time
        extras = self.more()
        if extras.origin is None:
            extras.origin = time_ns() - int(perf_counter() * 1e9)
        return extras.origin + int(time * 1e9)

    @property
    def attributes(self) -> Mapping[str, Any]:
        return view(self._attributes)

    @property
    def events(self) -> tuple[SpanEvent, ...]:
        events = (self.extras and self.extras.events) or ()
        return tuple([SpanEvent(name, view(facts), self._epoch_nanos(time)) for name, time, facts, _ in events])

    @property
    def links(self) -> tuple[trace_api.Link, ...]:
        links = (self.extras and self.extras.links) or ()
        return tuple([trace_api.Link(_linked(*link[:4]), view(link[4])) for link in links])

    @property
    def status(self) -> trace_api.Status:
        code, description = (self.extras and self.extras.status) or (0, None)
        return trace_api.Status(trace_api.StatusCode(code), description)

    @property
    def instrumentation_scope(self) -> Any:
        return self._tracer.processors.scope(self._tracer.scope)

    @property
    def resource(self) -> Any:
        return self._tracer.processors.resource()


def _linked(trace: int, span_id: int, flags: int, state: bytes) -> trace_api.SpanContext:
    told = parents.trace_state(state) if state else None
    return trace_api.SpanContext(trace, span_id, bool(flags & 0x100), trace_api.TraceFlags(flags & 0xFF), told)
