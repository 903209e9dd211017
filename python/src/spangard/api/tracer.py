# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Where a span begins: its place in a trace, and whether it is kept. Used on the application's threads."""

from __future__ import annotations

from opentelemetry import trace as trace_api

from .. import _parents as parents
from .._context import current
from .._current_span import CurrentSpan
from .._sampling import keeps
from .._values import MAX_VALUE, items, text, truth
from .scope import Scope
from .span import REMOTE, ApiSpan
from .values import INT_64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._buffer import Recorder
    from .._sampling import Sampler
    from .limits import SpanLimits

    Place = tuple[bytes | int, int, int | None, int, bytes]

SPAN_KEY = parents.SPAN_KEY
INTERNAL = trace_api.SpanKind.INTERNAL
_KINDS = {kind: kind.value for kind in trace_api.SpanKind}


class Tracer(trace_api.Tracer):
    """Of one instrumentation scope. Surplus arguments are ignored as wrong ones are."""

    def __init__(self, scope: bytes, recorder: Recorder, sampler: Sampler, limits: SpanLimits) -> None:
        self.scope = scope
        self.recorder = recorder
        self.limits = limits
        self._sampler = sampler

    def start_span(
        self,
        name: Any = "",
        context: Any = None,
        kind: Any = INTERNAL,
        attributes: Any = None,
        links: Any = None,
        start_time: Any = None,
        record_exception: Any = True,
        set_status_on_exception: Any = True,
        *_: Any,
        **__: Any,
    ) -> trace_api.Span:
        try:
            place = self._place(context if issubclass(type(context), dict) else current())
            if not isinstance(place, tuple):
                return place
            span = ApiSpan(
                self,
                name if type(name) is str and len(name) <= MAX_VALUE else text(name, MAX_VALUE) or "",
                0 if kind is INTERNAL else _KINDS.get(kind, 0) if type(kind) is trace_api.SpanKind else 0,
                place,
                start_time,
            )
            if attributes is not None:
                self._put_all(span, attributes)
            if links is not None:
                for link in items(links, self.limits.links + 1) or ():
                    if issubclass(type(link), trace_api.Link):
                        span.add_link(link.context, link.attributes)
            if record_exception is not True or set_status_on_exception is not True:
                span.on_error = truth(record_exception) + 2 * truth(set_status_on_exception)
        except Exception:  # a context, or links, of somebody else's making
            return trace_api.INVALID_SPAN
        return span

    def start_as_current_span(  # type: ignore[override]
        self,
        name: Any = "",
        context: Any = None,
        kind: Any = INTERNAL,
        attributes: Any = None,
        links: Any = None,
        start_time: Any = None,
        record_exception: Any = True,
        set_status_on_exception: Any = True,
        end_on_exit: Any = True,
        *_: Any,
        **__: Any,
    ) -> Scope:
        return Scope(
            self.start_span,
            (name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception),
            end_on_exit,
        )

    def _put_all(self, span: ApiSpan, attributes: Any) -> None:
        """All at once where all are plain and short; else one by one."""
        limits = self.limits
        short = limits.short
        if type(attributes) is dict and len(attributes) <= limits.attributes:
            for key, value in attributes.items():
                kind = type(value)
                if not (
                    type(key) is str
                    and 0 < len(key) <= short
                    and (
                        (kind is str and len(value) <= short)
                        or (kind is int and -INT_64 <= value < INT_64)
                        or kind is bool
                        or kind is float
                    )
                ):
                    break
            else:
                span.attributes = attributes.copy()
                return
        span.set_attributes(attributes)

    def _place(self, context: Any) -> Place | trace_api.Span:
        """Trace, span id, parent, flags and state of a span that begins in this context; the span itself, if it is not
        to be recorded.
        """
        above: Any = dict.get(context, SPAN_KEY)
        bits = self.recorder.bits
        while type(above) is ApiSpan:
            left_for = above.left_for
            if left_for is None:
                return above.trace, bits(64) or 1, above.span_id, above.flags & 0xFF, above.state
            above = dict.get(left_for, SPAN_KEY)  # it was left out of turn: what was current before it still is
        edges = self._sampler.edges
        if above is None or above is trace_api.INVALID_SPAN:
            trace = bits(128) or 1
            if edges is None or keeps(edges, trace):
                return trace, bits(64) or 1, None, 0, b""
            return _unrecorded(trace, bits(64) or 1, 0, None)
        if issubclass(type(above), CurrentSpan) and above.sampled and above.span_id and above.trace is not None:
            local = above.local
            flags = 0 if local is None else int(local.trace_flags) & 0xFE
            return above.trace, bits(64) or 1, above.span_id, flags, above.state
        return self._below(above.get_span_context(), bits)

    def _below(self, parent: trace_api.SpanContext, bits: Any) -> Place | trace_api.Span:
        """As `_place`, below a span that is not ours, or is not sampled."""
        if not parent.is_valid:
            return self._place({})
        sampler = self._sampler
        flags = int(parent.trace_flags) & 0xFF
        if sampler.parent_based:
            sampled = bool(flags & 1)
        else:
            sampled = sampler.edges is None or keeps(sampler.edges, parent.trace_id)
        if not sampled:
            return _unrecorded(parent.trace_id, bits(64) or 1, flags & 0xFE, parent.trace_state)
        flags = (flags & 0xFE) | (REMOTE if parent.is_remote else 0)
        return parent.trace_id, bits(64) or 1, parent.span_id, flags, parents.state_of(parent)


def _unrecorded(trace: int, span_id: int, flags: int, state: Any) -> trace_api.Span:
    context = trace_api.SpanContext(trace, span_id, False, trace_api.TraceFlags(flags), state)
    return trace_api.NonRecordingSpan(context)
