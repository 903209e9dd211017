# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The request's span as it can be read while it records: views like those of the SDK's spans.

Imported only when ``opentelemetry-api`` is installed.
"""

from __future__ import annotations

from time import perf_counter, time_ns
from types import MappingProxyType
from typing import Any, NamedTuple

from opentelemetry import trace as trace_api

from ._buffer import recorder
from ._current_span import CurrentSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"))


class SpanEvent(NamedTuple):
    """As an event of the SDK's is read."""

    name: str
    attributes: Mapping[str, Any]
    timestamp: int


class ReadSpan(CurrentSpan):
    """A recording span can be read like the SDK's: what is true of it by now. Copies, which change nothing.

    What the engine adds, attributes of the request and the name's route, is not there yet.
    """

    head: tuple[Any, ...]
    """The OPEN record."""
    _start_time: int | None = None

    @property
    def name(self) -> str:
        return self.own_name or self._first_name()

    def _first_name(self) -> str:
        method = self.head[7] or "GET"  # a WebSocket's handshake
        return str(method) if method in _METHODS else "HTTP"

    @property
    def kind(self) -> trace_api.SpanKind:
        return trace_api.SpanKind.SERVER

    @property
    def context(self) -> trace_api.SpanContext:
        return self.get_span_context()

    @property
    def parent(self) -> trace_api.SpanContext | None:
        trace, parent = self.head[3], self.head[6]
        if isinstance(trace, bytes):
            state = self.get_span_context().trace_state
            flags = trace_api.TraceFlags(int(trace[53:55], 16))
            return trace_api.SpanContext(int(trace[3:35], 16), int(trace[36:52], 16), True, flags, state)
        if parent is None:
            return None
        return self.local

    @property
    def start_time(self) -> int:
        """Nanoseconds since 1970."""
        if self._start_time is None:
            self._start_time = time_ns() - int((perf_counter() - self.head[1]) * 1e9)
        return self._start_time

    @property
    def attributes(self) -> Mapping[str, Any]:
        return view(self.own_attributes)

    @property
    def events(self) -> tuple[SpanEvent, ...]:
        return tuple([SpanEvent(name, view(facts), nanos) for name, nanos, facts in self.own_events or ()])

    @property
    def links(self) -> tuple[trace_api.Link, ...]:
        return tuple([
            trace_api.Link(trace_api.SpanContext(trace, span, True, trace_api.TraceFlags(flags)), view(facts))
            for trace, span, flags, facts in self.own_links or ()
        ])  # fmt: skip

    @property
    def status(self) -> trace_api.Status:
        code, description = self.own_status or (0, None)
        return trace_api.Status(trace_api.StatusCode(code), description)


class RequestSpan(ReadSpan):
    """In the `stable` profile, whose middleware has no time to leave the OPEN record here."""

    sampled = True
    _kept_head: tuple[Any, ...] | None = None

    @property
    def head(self) -> tuple[Any, ...]:  # type: ignore[override]
        """The OPEN record, from when it was first asked for; AttributeError when the request was over by then."""
        if self._kept_head is None:
            head = recorder().live.get(self.span_id)
            if head is None:
                raise AttributeError("the request is over")
            self._kept_head = head
        return self._kept_head


def view(attributes: dict[str, Any] | None) -> Mapping[str, Any]:
    """A copy that can not be written to; lists as tuples, as the SDK keeps them."""
    pairs = (attributes or {}).copy().items()
    return MappingProxyType({key: tuple(value) if type(value) is list else value for key, value in pairs})
